from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mien.errors import NoFaceError
from mien.faces.alignment import measure_eye_slope
from mien.faces.detector import create_detector
from mien.faces.operations import level_eyes as module
from mien.faces.operations.level_eyes import level_eyes
from mien.images.reading import read_picture
from mien.structures import Detection

REPOSITORY = Path(__file__).resolve().parents[4]
YUNET = REPOSITORY.parent / "shared" / "models" / "yunet_n_640_640.onnx"
PORTRAIT = read_picture(REPOSITORY / "examples" / "pictures" / "astronaut.png").image_rgb
BOX = np.array([10, 10, 50, 50], dtype=np.float32)


@pytest.mark.skipif(not YUNET.is_file(), reason="the model file of yunet is not here (../shared/models)")
@pytest.mark.parametrize("degrees", [-24, 10, 24])
def test_level_eyes_levels_a_turned_portrait(degrees: int) -> None:
    turned = np.asarray(Image.fromarray(PORTRAIT).rotate(-degrees, resample=Image.Resampling.BICUBIC))
    found = create_detector("yunet", YUNET).detect(level_eyes(turned, detector_model=str(YUNET)))[0]
    assert found.landmarks is not None
    assert abs(measure_eye_slope(found.landmarks)) < 4


def test_level_eyes_refuses_a_detector_without_eyes() -> None:
    with pytest.raises(ValueError, match="detector 'haar' does not say where the eyes are; those that do: yunet"):
        level_eyes(PORTRAIT, detector="haar")


@pytest.mark.parametrize("landmarks", [None, np.full((5, 2), 7.0)], ids=["no eyes", "both in one place"])
def test_level_eyes_says_that_there_are_no_two_eyes(
    monkeypatch: pytest.MonkeyPatch, landmarks: np.ndarray | None
) -> None:
    monkeypatch.setattr(module, "find_largest_face", lambda *_, **__: Detection(BOX, 1.0, landmarks))
    with pytest.raises(NoFaceError, match=r"^no face with two eyes found by detector 'yunet'$"):
        level_eyes(PORTRAIT)
