"""The contract of every face detector in the registry: boxes inside the picture, whatever the picture."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mien.faces.cropping import crop_face
from mien.faces.detector import DETECTORS, FaceDetector, create_detector
from mien.images.reading import read_picture

REPOSITORY = Path(__file__).resolve().parents[2]
MODEL_FILES = {"yunet": REPOSITORY.parent / "shared" / "models" / "yunet_n_640_640.onnx"}
NAMES = DETECTORS.names()
RANDOM = np.random.default_rng(0)
ASTRONAUT = read_picture(REPOSITORY / "examples" / "pictures" / "astronaut.png").image_rgb

PICTURES = {
    "astronaut": ASTRONAUT,
    "face cut by every edge": ASTRONAUT[80:150, 190:260],
    "face cut on the left": ASTRONAUT[:, 215:],
    "face cut at the top": ASTRONAUT[100:],
    "not contiguous": ASTRONAUT[::-1, ::-1],
    "48 pixels": ASTRONAUT[60:156:2, 178:274:2],
    "noise": RANDOM.integers(0, 256, (120, 160, 3), dtype=np.uint8),
    "black": np.zeros((100, 100, 3), dtype=np.uint8),
    "one pixel": np.zeros((1, 1, 3), dtype=np.uint8),
    "one row": RANDOM.integers(0, 256, (1, 300, 3), dtype=np.uint8),
    "thin": RANDOM.integers(0, 256, (3000, 7, 3), dtype=np.uint8),
}


@pytest.fixture(scope="module", params=NAMES)
def detector(request: pytest.FixtureRequest) -> FaceDetector:
    model_file = MODEL_FILES.get(request.param)
    if model_file is not None and not model_file.is_file():
        pytest.skip(f"the model file of {request.param} is not here (../shared/models)")
    return create_detector(request.param, model_file)


def test_the_registry_holds_the_detectors_of_the_command_line(say_covered: Callable[[str], None]) -> None:
    say_covered(f"face detectors covered: {len(NAMES)}")
    assert set(NAMES) >= {"haar", "none", "yunet"}


@pytest.mark.parametrize("picture", PICTURES)
def test_boxes_lie_inside_the_picture_and_can_be_cropped(detector: FaceDetector, picture: str) -> None:
    image_rgb = PICTURES[picture]
    height, width = image_rgb.shape[:2]
    for found in detector.detect(image_rgb):
        x1, y1, x2, y2 = found.box_xyxy
        assert 0 <= x1 < x2 <= width
        assert 0 <= y1 < y2 <= height
        assert crop_face(image_rgb, found.box_xyxy).size > 0


def test_detect_finds_the_astronaut_and_changes_nothing(detector: FaceDetector) -> None:
    before = ASTRONAUT.copy()
    first, second = detector.detect(ASTRONAUT), detector.detect(ASTRONAUT)
    assert len(first) == len(second) == 1
    assert (first[0].box_xyxy == second[0].box_xyxy).all()
    assert (before == ASTRONAUT).all()


def test_the_card_says_what_the_detector_gives(detector: FaceDetector) -> None:
    card = DETECTORS.get(detector.name).card
    (found,) = detector.detect(ASTRONAUT)
    assert (found.landmarks is not None) == card.has_landmarks
    assert card.source
    assert card.licence


def test_the_largest_face_comes_first(detector: FaceDetector) -> None:
    montage = read_picture(REPOSITORY / "examples" / "pictures" / "montage.jpg").image_rgb
    areas = [float(np.prod(found.box_xyxy[2:] - found.box_xyxy[:2])) for found in detector.detect(montage)]
    assert areas == sorted(areas, reverse=True)
