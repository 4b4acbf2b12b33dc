"""The contract of every data set in the registry, on a small fixture in its real layout."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mien.data import DATASETS, FaceSet, read_dataset
from mien.data.face_set import SPLITS
from mien.errors import DataError
from tests.made_datasets import MAKERS, Made, Row, brightness_of

FIXTURES = MAKERS
NAMES = DATASETS.names()


@pytest.fixture(params=NAMES)
def read(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[FaceSet, Made]:
    """Each data set as its reader reads the made-up copy, and what it must be."""
    made = FIXTURES[request.param](tmp_path)
    return read_dataset(request.param, made.path), made


def test_the_registry_is_covered_whole(say_covered: Callable[[str], None]) -> None:
    say_covered(f"data set contracts cover {len(FIXTURES)} of {len(DATASETS)} entries: {', '.join(NAMES)}")
    assert set(FIXTURES) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_reading_is_deterministic_and_keeps_splits_apart(name: str, tmp_path: Path) -> None:
    path = FIXTURES[name](tmp_path).path
    first, second = read_dataset(name, path), read_dataset(name, path)
    assert first.fingerprint == second.fingerprint
    assert first.row_ids.tolist() == second.row_ids.tolist()
    assert first.history == second.history
    ids = [set(first.row_ids[first.splits == split]) for split in SPLITS]
    assert sum(map(len, ids)) == len(first) == len(set.union(*ids))
    np.testing.assert_array_equal(first.labels, second.labels)


def test_every_row_has_its_label_split_and_subject(read: tuple[FaceSet, Made]) -> None:
    face_set, made = read
    subjects = face_set.columns.get("subject", np.full(len(face_set), ""))
    found = {
        row_id: Row(face_set.expressions[label], split, subject)
        for row_id, label, split, subject in zip(
            face_set.row_ids.tolist(), face_set.labels, face_set.splits.tolist(), subjects.tolist(), strict=True
        )
    }
    assert found == made.rows


def test_every_row_has_its_own_picture(read: tuple[FaceSet, Made]) -> None:
    face_set, _ = read
    expected = [brightness_of(face_set.expressions[label]) for label in face_set.labels]
    means = [float(np.mean(picture)) for picture in face_set.read_each()]
    np.testing.assert_allclose(means, expected, atol=3)


@pytest.mark.parametrize("name", NAMES)
def test_a_copy_elsewhere_is_the_same_set(name: str, tmp_path: Path) -> None:
    made = FIXTURES[name](tmp_path / "here")
    shutil.copytree(tmp_path / "here", tmp_path / "there" / "here")
    first = read_dataset(name, made.path)
    second = read_dataset(name, tmp_path / "there" / made.path.relative_to(tmp_path))
    assert first.fingerprint == second.fingerprint
    assert first.row_ids.tolist() == second.row_ids.tolist()
    assert first.origins.tolist() == second.origins.tolist()


def test_every_reader_says_what_it_read(read: tuple[FaceSet, Made]) -> None:
    face_set, made = read
    assert face_set.history
    assert not any(str(made.path.parent) in line or "\n" in line for line in face_set.history)
    if not face_set.has_published_splits and set(face_set.splits) == {"training"}:
        assert any("no published splits" in line for line in face_set.history)


@pytest.mark.parametrize("name", NAMES)
def test_a_place_without_the_data_set_is_one_line(name: str, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for place in (tmp_path / "nowhere", empty):
        with pytest.raises(DataError, match=place.name) as raised:
            read_dataset(name, place)
        assert "\n" not in str(raised.value)
