from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.errors import MienError
from mien.faces.detector import FaceDetector, create_detector
from mien.images.reading import read_picture

REPOSITORY = Path(__file__).resolve().parents[4]
PICTURES = REPOSITORY / "examples" / "pictures"
MODEL = REPOSITORY.parent / "shared" / "models" / "yunet_n_640_640.onnx"


@pytest.fixture(scope="module")
def yunet() -> FaceDetector:
    if not MODEL.is_file():
        pytest.skip("the YuNet file is not here (../shared/models)")
    return create_detector("yunet", MODEL)


def test_detect_finds_the_astronaut_with_landmarks(yunet: FaceDetector) -> None:
    (found,) = yunet.detect(read_picture(PICTURES / "astronaut.png").image_rgb)
    assert np.abs(found.box_xyxy - [178, 65, 269, 176]).max() < 6
    assert 0.9 < found.score <= 1
    assert found.landmarks is not None
    # Right eye, left eye, nose, right and left corner of the mouth.
    assert np.abs(found.landmarks - [[203, 104], [248, 104], [224, 128], [204, 143], [243, 144]]).max() < 5


def test_detect_finds_the_same_face_in_a_picture_that_it_reduces(yunet: FaceDetector) -> None:
    large = cv2.resize(read_picture(PICTURES / "astronaut.png").image_rgb, (2000, 2500))
    (found,) = yunet.detect(large)
    assert np.abs(found.box_xyxy * np.tile([512 / 2000, 512 / 2500], 2) - [178, 65, 269, 176]).max() < 8


def test_detect_finds_every_face_of_the_montage(yunet: FaceDetector) -> None:
    assert len(yunet.detect(read_picture(PICTURES / "montage.jpg").image_rgb)) == 8


def test_detect_finds_nothing_in_one_colour(yunet: FaceDetector) -> None:
    assert yunet.detect(np.full((200, 300, 3), 128, dtype=np.uint8)) == []


@pytest.mark.parametrize("size_hw", [(7, 3000), (1, 300), (3000, 7), (1, 1)])
def test_detect_finds_nothing_in_thin_noise(yunet: FaceDetector, size_hw: tuple[int, int]) -> None:
    for seed in range(10):
        noise = np.random.default_rng(seed).integers(0, 256, (*size_hw, 3), dtype=np.uint8)
        assert yunet.detect(noise) == []


def test_it_looks_into_the_weights_folder(yunet: FaceDetector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_WEIGHTS", str(MODEL.parent))
    assert create_detector("yunet").name == yunet.name == "yunet"


def test_it_says_where_to_put_a_missing_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_WEIGHTS", str(tmp_path))
    with pytest.raises(
        MienError, match=rf"^detector 'yunet' needs {tmp_path}/yunet_n_640_640.onnx, which is not there"
    ):
        create_detector("yunet")


def test_it_names_a_file_that_is_no_network(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"\x08\x07 no network")
    with pytest.raises(MienError, match=r"bad.onnx: not the YuNet network; get it with: mien weights pull yunet"):
        create_detector("yunet", tmp_path / "bad.onnx")
    assert capfd.readouterr().err == ""
