"""The contract of every image operation in the registry: a face in, a face out, as its card says."""

import subprocess
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from mien.images.preparation import OPERATIONS, fitted_arguments, prepare_face, prepare_faces, prepared_dtype

NAMES = OPERATIONS.names()
ARGUMENTS: dict[str, dict[str, Any]] = {"resize": {"size_hw": [24, 32]}, "gamma": {"exponent": 0.7}}
RANDOM = np.random.default_rng(0)
FACES = {
    "grey": RANDOM.integers(0, 256, (20, 20), dtype=np.uint8),
    "colour": RANDOM.integers(0, 256, (16, 24, 3), dtype=np.uint8),
    "not contiguous": RANDOM.integers(0, 256, (40, 60, 3), dtype=np.uint8)[::-2, ::-3],
    "black": np.zeros((20, 20), dtype=np.uint8),
    "white": np.full((20, 20, 3), 255, dtype=np.uint8),
    "one level": np.full((9, 7), 77, dtype=np.uint8),
    "one pixel": np.full((1, 1), 9, dtype=np.uint8),
    "one row": RANDOM.integers(0, 256, (1, 30), dtype=np.uint8),
    "two pixels in colour": RANDOM.integers(0, 256, (2, 1, 3), dtype=np.uint8),
}


@cache
def step_for(name: str, face: str) -> dict[str, object]:
    """Return a step that is ready for a face, fitted on a few of its size where it must be."""
    step = {"operation": name, **ARGUMENTS.get(name, {})}
    fit = OPERATIONS.get(name).card.fit
    if fit is None:
        return step
    training = np.random.default_rng(1).integers(0, 256, (3000, *FACES[face].shape), dtype=np.uint8)
    return {**step, **fit(training)}


def test_the_registry_holds_the_operations_of_the_studies(say_covered: Callable[[str], None]) -> None:
    say_covered(f"image operations covered: {len(NAMES)}")
    assert set(NAMES) >= {"to_grey", "grey_to_rgb", "resize", "gamma_equalize", "emboss", "local_binary_pattern"}
    assert set(NAMES) >= {"clahe", "equalize_histogram", "scale", "samplewise_center", "samplewise_standardize"}
    assert set(NAMES) >= {"featurewise_center", "featurewise_standardize", "zca_whiten"}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("face", FACES)
def test_an_operation_gives_a_face_as_its_card_says(name: str, face: str) -> None:
    card, step = OPERATIONS.get(name).card, step_for(name, face)
    for dtype in card.takes:
        given = FACES[face] if dtype == "uint8" else FACES[face].astype(np.float32) / np.float32(255)
        before = given.copy()
        prepared = prepare_face(given, [step])
        assert prepared.dtype == (dtype if card.gives == "same" else card.gives)
        assert prepared.dtype == prepared_dtype([step], dtype=dtype)
        assert prepared.ndim in (2, 3)
        assert np.isfinite(prepared).all()
        assert (prepare_face(given, [step]) == prepared).all()
        assert (prepare_face(np.ascontiguousarray(given), [step]) == prepared).all()
        assert (given == before).all()


@pytest.mark.parametrize("name", [name for name in NAMES if OPERATIONS.get(name).card.takes == ("uint8",)])
def test_an_operation_on_levels_refuses_numbers(name: str) -> None:
    with pytest.raises(ValueError, match=f"step '{name}' takes uint8, got a face of float32"):
        prepare_face(FACES["grey"].astype(np.float32), [step_for(name, "grey")])


@pytest.mark.parametrize("name", [entry.name for entry in OPERATIONS if entry.card.run_stack is not None])
@pytest.mark.parametrize("face", ["grey", "colour"])
def test_many_faces_at_once_equal_one_by_one(name: str, face: str) -> None:
    run_stack = OPERATIONS.get(name).card.run_stack
    assert run_stack is not None
    faces = np.stack([FACES[face], FACES[face][::-1], FACES[face] // 2])
    step = step_for(name, face)
    arguments = {key: value for key, value in step.items() if key != "operation"}
    np.testing.assert_allclose(run_stack(faces, **arguments), prepare_faces(faces, [step]), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", [entry.name for entry in OPERATIONS if entry.card.fit is not None])
def test_a_fitted_operation_gets_all_that_it_needs_and_refuses_to_run_without(name: str) -> None:
    entry = OPERATIONS.get(name)
    assert set(fitted_arguments(entry)) == set(step_for(name, "grey")) - {"operation"}
    with pytest.raises(ValueError, match=rf"step '{name}' is not fitted; fit it on the training faces first"):
        prepare_face(FACES["grey"], [name])


@pytest.mark.parametrize("name", NAMES)
def test_an_operation_says_what_it_is(name: str) -> None:
    entry = OPERATIONS.get(name)
    assert entry.card.source
    assert entry.plugin.__name__ == name
    assert entry.plugin.__doc__


def test_the_light_install_runs_every_step_of_a_contract() -> None:
    code = f"""
import sys
import numpy as np
from mien.images.preparation import OPERATIONS, prepare_face
for entry in OPERATIONS:
    if entry.card.fit is None:
        prepare_face(np.zeros((20, 20), np.uint8), [{{"operation": entry.name, **{ARGUMENTS!r}.get(entry.name, {{}})}}])
heavy = ("skimage", "scipy", "sklearn", "pandas", "torch", "matplotlib", "pydantic")
print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
