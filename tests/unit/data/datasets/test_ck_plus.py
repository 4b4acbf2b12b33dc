import shutil
from pathlib import Path

import pytest

from mien.data.datasets.ck_plus import read_ck_plus
from mien.errors import DataError
from mien.expressions import CK_PLUS_EXPRESSIONS, VOCABULARIES
from tests.made_datasets import make_ck_plus


def test_the_last_three_frames_and_the_first_are_read(tmp_path: Path) -> None:
    face_set = read_ck_plus(make_ck_plus(tmp_path).path)
    assert face_set.expressions == VOCABULARIES["ck_plus_neutral"]
    is_first = face_set.columns["sequence"] == "S011_001"
    assert face_set.columns["frame"][is_first].tolist() == ["00000001", "00000004", "00000005", "00000006"]
    assert [face_set.expressions[label] for label in face_set.labels[is_first]] == ["neutral"] + ["angry"] * 3
    assert not face_set.is_in_memory
    assert face_set.history[0] == "7 labelled sequences, the last 3 frames of each, the first as neutral"


def test_neutral_can_be_left_out(tmp_path: Path) -> None:
    face_set = read_ck_plus(make_ck_plus(tmp_path).path, neutral=False)
    assert face_set.expressions == CK_PLUS_EXPRESSIONS
    assert face_set.class_counts() == dict.fromkeys(CK_PLUS_EXPRESSIONS, 3)


def test_a_short_sequence_gives_no_frame_twice(tmp_path: Path) -> None:
    made = make_ck_plus(tmp_path)
    sequence = made.path / "cohn-kanade-images" / "S011" / "001"
    for frame in (1, 2, 3):
        (sequence / f"S011_001_{frame:08d}.png").unlink()
    face_set = read_ck_plus(made.path)
    is_first = face_set.columns["sequence"] == "S011_001"
    assert [face_set.expressions[label] for label in face_set.labels[is_first]] == ["angry"] * 3


def test_folders_may_lie_a_level_below(tmp_path: Path) -> None:
    make_ck_plus(tmp_path / "in")
    (tmp_path / "in" / "Emotion").rename(tmp_path / "Emotion")
    assert len(read_ck_plus(tmp_path)) == 28


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: shutil.rmtree(f / "Emotion"), "no folder Emotion; expected CK\\+ as released"),
        (lambda f: shutil.rmtree(f / "cohn-kanade-images"), "no folder cohn-kanade-images; expected CK\\+ as released"),
        (
            lambda f: [file.unlink() for file in f.rglob("*_emotion.txt")],
            r"Emotion: no labels; expected such as S010/001/S010_001_00000014_emotion\.txt",
        ),
        (
            lambda f: shutil.rmtree(f / "cohn-kanade-images" / "S011" / "001"),
            r"S011_001_00000006_emotion\.txt: labels a sequence without pictures; .*cohn-kanade-images/S011/001",
        ),
        (
            lambda f: next(f.rglob("S011_001*.txt")).write_text(""),
            r"S011_001_00000006_emotion\.txt: label '', expected one number from 0 to 7",
        ),
        (lambda f: next(f.rglob("S011_001*.txt")).write_text("9.0"), r"label '9\.0', expected one number"),
        (lambda f: next(f.rglob("S011_001*.txt")).write_text("nan"), r"label 'nan', expected one number"),
    ],
)
def test_what_is_missing_or_broken_is_named(tmp_path: Path, spoil, message: str) -> None:
    made = make_ck_plus(tmp_path)
    spoil(made.path)
    with pytest.raises(DataError, match=message):
        read_ck_plus(made.path)
