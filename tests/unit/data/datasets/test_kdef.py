import shutil
from pathlib import Path

import pytest

from mien.data.datasets.kdef import read_kdef
from mien.errors import DataError
from tests.made_datasets import make_kdef, save_face


def test_all_facts_come_from_the_name(tmp_path: Path) -> None:
    face_set = read_kdef(make_kdef(tmp_path).path)
    row = face_set.row_ids.tolist().index("kdef:BF01AFHL")
    facts = {name: column[row] for name, column in face_set.columns.items()}
    assert facts == {"subject": "F01", "session": "B", "sex": "F", "angle": "HL"}
    assert face_set.expressions[face_set.labels[row]] == "fear"


def test_women_and_men_of_one_number_are_two_people(tmp_path: Path) -> None:
    face_set = read_kdef(make_kdef(tmp_path).path)
    assert sorted(set(face_set.subjects.tolist())) == ["F01", "M01"]


def test_the_files_that_the_release_misnamed_are_left_out_and_counted(tmp_path: Path) -> None:
    face_set = read_kdef(make_kdef(tmp_path).path)
    assert "1 picture with broken names (AF31V, AM31H) left out" in face_set.history
    assert len(face_set) == 105


@pytest.mark.parametrize("angles", ["S", ("S",), ["S"]])
def test_angles_can_be_chosen(tmp_path: Path, angles) -> None:
    face_set = read_kdef(make_kdef(tmp_path).path, angles=angles)
    assert set(face_set.columns["angle"].tolist()) == {"S"}
    assert "angles S: 84 pictures of others left out" in face_set.history


def test_flat_and_wrapped_folders_give_the_same_rows(tmp_path: Path) -> None:
    made = make_kdef(tmp_path / "folders")
    flat = tmp_path / "flat"
    flat.mkdir()
    for file in made.path.rglob("*.JPG"):
        shutil.copy(file, flat / file.name.lower())
    save_face(tmp_path / "folders" / "AKDEF" / "FAFFL.JPG", "fear")
    rows = [set(read_kdef(place).row_ids.tolist()) for place in (made.path, flat, tmp_path / "folders")]
    assert rows[0] == rows[1] == rows[2]


def test_a_subject_twice_is_named(tmp_path: Path) -> None:
    made = make_kdef(tmp_path)
    save_face(made.path / "AF01ANS.JPG", "angry")
    with pytest.raises(DataError, match=r"AF01/AF01ANS\.JPG and AF01ANS\.JPG are one picture|AF01ANS\.JPG and AF01/"):
        read_kdef(made.path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("face.JPG", r"expected pictures such as AF01ANS\.JPG; found 1 of 107 with another name, the first face\.JPG"),
        ("AF02XXS.JPG", "code stands for no class: 'XX' 1 picture"),
    ],
)
def test_other_names_are_refused(tmp_path: Path, name: str, message: str) -> None:
    made = make_kdef(tmp_path)
    save_face(made.path / name, "happy")
    with pytest.raises(DataError, match=message):
        read_kdef(made.path)


def test_angles_without_pictures_are_named(tmp_path: Path) -> None:
    save_face(tmp_path / "AF01ANS.JPG", "angry")
    with pytest.raises(DataError, match="no pictures of the angles FL"):
        read_kdef(tmp_path, angles="FL")
