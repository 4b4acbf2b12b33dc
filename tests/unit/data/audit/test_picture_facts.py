from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.data.audit.picture_facts import look_at_pictures
from mien.errors import DataError
from mien.faces.quality import measure_sharpness
from tests.unit.data.audit.scenes import make_scenes, make_set, write_files


def test_identical_pictures_share_a_number() -> None:
    scenes = make_scenes(3)
    facts = look_at_pictures(make_set(scenes[[0, 1, 0, 2, 1]]))
    assert facts.identical.tolist() == [0, 1, 0, 2, 1]


def test_measures_are_those_of_the_grey_levels() -> None:
    scenes = make_scenes(4)
    facts = look_at_pictures(make_set(scenes))
    np.testing.assert_allclose(facts.brightness, scenes.mean(axis=(1, 2)), rtol=1e-5)
    np.testing.assert_allclose(facts.contrast, scenes.std(axis=(1, 2)), rtol=1e-4)
    np.testing.assert_allclose(facts.sharpness, [measure_sharpness(scene) for scene in scenes], rtol=1e-5)
    assert (facts.thumbnails == scenes).all()


@pytest.mark.parametrize(
    ("picture", "entropy"),
    [
        (np.full((4, 4), 7), 0),
        (np.repeat([0, 255], 8).reshape(4, 4), 1),
        (np.arange(16).reshape(4, 4), 4),
        (np.repeat([9, 9, 9, 80], 4).reshape(4, 4), 0.8112781),
    ],
    ids=["one grey", "two greys", "sixteen", "three quarters"],
)
def test_entropy_is_that_of_the_histogram(picture: np.ndarray, entropy: float) -> None:
    facts = look_at_pictures(make_set(picture[None].astype(np.uint8)))
    assert facts.entropy[0] == pytest.approx(entropy)


def test_black_is_black_in_every_pixel() -> None:
    pictures = np.zeros((3, 100, 100), np.uint8)
    pictures[1, 0, 0] = 1
    pictures[2] = 3
    assert look_at_pictures(make_set(pictures)).is_black.tolist() == [True, False, False]


def test_blue_that_is_nearly_black_in_grey_is_not_black() -> None:
    pictures = np.zeros((2, 8, 8, 3), np.uint8)
    pictures[1, :, :, 2] = 1
    assert look_at_pictures(make_set(pictures)).is_black.tolist() == [True, False]


def test_pictures_of_any_size_give_thumbnails_of_one(tmp_path: Path) -> None:
    small, large = make_scenes(1, side=30)[0], make_scenes(1, side=200)[0]
    files = write_files(tmp_path, [small, large, np.stack([large] * 3, axis=2)])
    facts = look_at_pictures(make_set(files))
    assert facts.thumbnails.shape == (3, 48, 48)
    assert facts.brightness[1] == pytest.approx(large.mean(), abs=1e-3)
    assert facts.identical.tolist() == [0, 1, 1]  # a grey file and a colour file with equal channels
    assert facts.thumbnails[1].std() == pytest.approx(large.std(), rel=0.1)


def test_a_picture_that_cannot_be_read_is_a_fault_among_the_others(tmp_path: Path) -> None:
    files = write_files(tmp_path, make_scenes(5))
    files.files[2].write_bytes(b"no picture\nat all")
    facts = look_at_pictures(make_set(files))
    assert [bool(fault) for fault in facts.faults] == [False, False, True, False, False]
    assert "002.png" in facts.faults[2]
    assert "\n" not in facts.faults[2]
    assert facts.identical.tolist() == [0, 1, -1, 2, 3]
    assert np.isnan(facts.brightness[2])
    assert not np.isnan(np.delete(facts.contrast, 2)).any()


def test_how_many_are_done_is_reported() -> None:
    done: list[int] = []
    look_at_pictures(make_set(make_scenes(4)), report_done=done.append)
    assert done == [1, 2, 3, 4]


def test_prepared_pictures_are_refused() -> None:
    face_set = make_set(make_scenes(2))
    prepared = replace(face_set, pictures=face_set.faces.astype(np.float32))
    with pytest.raises(DataError, match="made: its pictures are float32, expected uint8; audit a set before preparing"):
        look_at_pictures(prepared)
