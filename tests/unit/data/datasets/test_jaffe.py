from pathlib import Path

import pytest

from mien.data.datasets.jaffe import read_jaffe
from mien.errors import DataError
from mien.expressions import FER2013_EXPRESSIONS
from tests.made_datasets import make_jaffe, save_face


def test_codes_and_subjects_come_from_the_names(tmp_path: Path) -> None:
    face_set = read_jaffe(make_jaffe(tmp_path).path)
    assert face_set.expressions == FER2013_EXPRESSIONS
    assert face_set.faces.shape == (14, 64, 64)
    assert sorted(set(face_set.subjects.tolist())) == ["KA", "YM"]
    assert "code 'AN' read as angry: 2 pictures" in face_set.history
    assert not face_set.has_published_splits


def test_lower_case_and_a_folder_around_are_understood(tmp_path: Path) -> None:
    made = make_jaffe(tmp_path)
    for file in sorted(made.path.glob("*.tiff")):
        file.rename(file.with_name(file.name.lower()))
    assert set(read_jaffe(tmp_path).row_ids.tolist()) == set(made.rows)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("portrait.tiff", r"expected pictures such as KA\.AN1\.39\.tiff; found 1 of 15 .* the first portrait\.tiff"),
        ("KA.XX1.99.tiff", "code stands for no class: 'XX' 1 picture"),
    ],
)
def test_other_names_are_refused(tmp_path: Path, name: str, message: str) -> None:
    made = make_jaffe(tmp_path)
    save_face(made.path / name, "happy")
    with pytest.raises(DataError, match=message):
        read_jaffe(made.path)
