import re
from pathlib import Path

import pytest

from mien.data.layouts import find_below, list_class_folders, list_folders, list_pictures, match_names, split_named
from mien.errors import DataError


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"")
    return folder


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("train", "training"),
        ("TRAINING", "training"),
        ("val", "validation"),
        ("Public_Test", "validation"),
        ("dev", "validation"),
        ("testing", "test"),
        ("PrivateTest", "test"),
        ("FER2013Valid", "validation"),
        ("happy", None),
        ("", None),
    ],
)
def test_split_named(text: str, split: str | None) -> None:
    assert split_named(text) == split


def test_list_pictures_is_sorted_and_passes_over_what_is_hidden(tmp_path: Path) -> None:
    touch(tmp_path, "b/2.PNG", "a/1.jpg", "a/._1.jpg", ".git/x.png", "__MACOSX/x.png", "a/notes.txt", "3.tiff")
    found = [file.relative_to(tmp_path).as_posix() for file in list_pictures(tmp_path)]
    assert found == ["3.tiff", "a/1.jpg", "b/2.PNG"]
    assert [folder.name for folder in list_folders(tmp_path)] == ["a", "b"]


def test_find_below_looks_level_by_level(tmp_path: Path) -> None:
    touch(tmp_path, "z/Emotion/x.txt", "a/b/emotion/x.txt")
    assert find_below(tmp_path, ["Emotion"]) == tmp_path / "z" / "Emotion"
    assert find_below(tmp_path, ["Emotion"], depth=0) is None
    assert find_below(tmp_path / "z" / "Emotion", ["emotion"]) == tmp_path / "z" / "Emotion"
    assert find_below(tmp_path / "nowhere", ["emotion"]) is None


def found_in(folder: Path) -> list[tuple[str, str, str]]:
    return [(each.file.relative_to(folder).as_posix(), each.label, each.split) for each in list_class_folders(folder)]


def test_list_class_folders_without_splits(tmp_path: Path) -> None:
    touch(tmp_path, "Happy/1.png", "Happy/more/2.png", "sad/1.png", "empty/notes.txt")
    assert found_in(tmp_path) == [
        ("Happy/1.png", "Happy", ""),
        ("Happy/more/2.png", "Happy", ""),
        ("sad/1.png", "sad", ""),
    ]


def test_list_class_folders_with_splits_however_wrapped(tmp_path: Path) -> None:
    touch(tmp_path, "archive/faces/Training/Training/Happy/1.jpg", "archive/faces/valid/Sad/1.jpg")
    assert found_in(tmp_path) == [
        ("archive/faces/Training/Training/Happy/1.jpg", "Happy", "training"),
        ("archive/faces/valid/Sad/1.jpg", "Sad", "validation"),
    ]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            ["train/happy/1.png", "happy/1.png"],
            r"two layouts in one folder: splits \(train\) beside other .* \(happy\)",
        ),
        (["happy/train/1.png"], r"happy/train: a split or a class inside class folder 'happy'"),
        (["train/happy/sad/1.png"], r"happy/sad: a split or a class inside class folder 'happy'"),
        (["1.png", "happy/1.png"], r"1 picture outside a class folder, the first 1\.png; expected all inside one"),
        (["train/1.png", "train/2.png", "train/sad/1.png"], r"train: 2 pictures outside a class folder, the first 1"),
        (["test/1.png", "test/test/sad/1.png"], r"test: 1 picture outside a class folder, the first 1\.png"),
        (["notes.txt"], r"no pictures in class folders; expected such as angry/1\.png or train/angry/1\.png"),
    ],
)
def test_list_class_folders_refuses_mixed_layouts(tmp_path: Path, names: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        list_class_folders(touch(tmp_path, *names))


def test_list_class_folders_names_what_is_no_folder(tmp_path: Path) -> None:
    touch(tmp_path, "faces.zip")
    with pytest.raises(DataError, match=r"nowhere: no such folder; expected a folder with a folder for each class"):
        list_class_folders(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"faces\.zip: a file; expected a folder"):
        list_class_folders(tmp_path / "faces.zip")


def test_match_names_gives_what_names_say(tmp_path: Path) -> None:
    touch(tmp_path, "a/x1.png", "x2.JPG")
    matches = match_names(tmp_path, re.compile(r"x(\d)"), example="x1.png")
    assert [match.group(1) for _, match in matches] == ["1", "2"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["x1.png", "y1.png", "y2.png"], r"expected pictures such as x1\.png; found 2 of 3 .* the first y1\.png"),
        (["x1.txt"], r"expected pictures such as x1\.png; found none"),
    ],
)
def test_match_names_refuses_other_names(tmp_path: Path, names: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        match_names(touch(tmp_path, *names), re.compile(r"x(\d)"), example="x1.png")
