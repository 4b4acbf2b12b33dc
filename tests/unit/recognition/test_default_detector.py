from dataclasses import replace
from pathlib import Path

import pytest

from mien.faces.detectors.yunet import WEIGHTS
from mien.recognition.default_detector import choose_detector, how_to_get_better
from tests.tiny_model import TINY_CONTRACT

WITH_YUNET = replace(TINY_CONTRACT, crop_margins={"haar": 0.1, "yunet": 0.2, "none": 0.0})
WITHOUT_YUNET = replace(TINY_CONTRACT, crop_margins={"haar": 0.1, "none": 0.0})


@pytest.fixture
def is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_WEIGHTS", str(tmp_path))
    (tmp_path / WEIGHTS.file_name).write_bytes(b"a network")


def test_haar_is_chosen_and_the_better_one_told_of_where_its_file_is_missing() -> None:
    assert choose_detector(WITH_YUNET) == "haar"
    assert (
        how_to_get_better(WITH_YUNET)
        == "faces are found by haar; yunet finds more; to have it used: mien weights pull yunet"
    )


@pytest.mark.usefixtures("is_there")
def test_yunet_is_chosen_where_its_file_is_there() -> None:
    assert choose_detector(WITH_YUNET) == "yunet"
    assert how_to_get_better(WITH_YUNET) is None


@pytest.mark.usefixtures("is_there")
def test_haar_is_chosen_for_a_model_without_crops_of_yunet() -> None:
    assert choose_detector(WITHOUT_YUNET) == "haar"
    assert how_to_get_better(WITHOUT_YUNET) is None
