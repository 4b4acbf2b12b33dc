"""The contract of every picture operation in the registry: a portrait in, its face or a portrait out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mien.errors import NoFaceError
from mien.faces.preparation import PICTURE_OPERATIONS, prepare_picture
from mien.images.preparation import OPERATIONS, bind_steps
from mien.images.reading import read_picture

REPOSITORY = Path(__file__).resolve().parents[2]
YUNET = REPOSITORY.parent / "shared" / "models" / "yunet_n_640_640.onnx"
NAMES = PICTURE_OPERATIONS.names()
ARGUMENTS: dict[str, dict[str, Any]] = {"level_eyes": {"detector_model": str(YUNET)}}
PORTRAIT = read_picture(REPOSITORY / "examples" / "pictures" / "astronaut.png").image_rgb
PICTURES = {"colour": PORTRAIT, "grey": PORTRAIT[:, :, 1], "not contiguous": PORTRAIT[:, ::-1]}


def run(name: str, picture: np.ndarray) -> np.ndarray:
    if name == "level_eyes" and not YUNET.is_file():
        pytest.skip("the model file of yunet is not here (../shared/models)")
    return prepare_picture(picture, bind_steps([{"operation": name, **ARGUMENTS.get(name, {})}], PICTURE_OPERATIONS))


def test_the_registry_is_covered_and_shares_no_name_with_image_operations(say_covered: Callable[[str], None]) -> None:
    say_covered(f"picture operations covered: {len(NAMES)}")
    assert set(NAMES) >= {"crop_face", "level_eyes"}
    assert not set(NAMES) & set(OPERATIONS.names())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("picture", PICTURES)
def test_a_picture_operation_gives_levels_and_is_deterministic(name: str, picture: str) -> None:
    given = PICTURES[picture]
    before = given.copy()
    prepared = run(name, given)
    assert prepared.dtype == np.uint8
    assert prepared.shape[2:] == given.shape[2:]
    assert (run(name, given) == prepared).all()
    assert (given == before).all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("side", [1, 60])
def test_a_picture_operation_says_that_there_is_no_face(name: str, side: int) -> None:
    with pytest.raises(NoFaceError, match=r"no face .*found by detector") as caught:
        run(name, np.zeros((side, side, 3), dtype=np.uint8))
    assert caught.value.status == "no_face"


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_operation_says_why_no_contract_holds_it(name: str) -> None:
    card = PICTURE_OPERATIONS.get(name).card
    assert card.source
    assert "the contract's own detector" in card.not_exported
    assert (card.takes, card.gives) == (("uint8",), "uint8")
