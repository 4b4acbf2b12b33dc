from pathlib import Path

import numpy as np
import pytest

from mien.data.datasets.ferplus import choose_by_arg_max, choose_by_majority, read_ferplus
from mien.errors import DataError
from mien.expressions import FERPLUS_EXPRESSIONS, FERPLUS_VOTE_NAMES
from tests.conftest import make_rows, write_folders
from tests.made_datasets import FERPLUS_HEADER, make_fer2013, make_ferplus

NEUTRAL, HAPPY, SAD, UNKNOWN, NOT_A_FACE = (
    FERPLUS_VOTE_NAMES.index(name) for name in ("neutral", "happy", "sad", "unknown", "not_a_face")
)


def votes(**counts: int) -> np.ndarray:
    return np.array([[counts.get(name, 0) for name in FERPLUS_VOTE_NAMES]])


@pytest.mark.parametrize(
    ("counts", "majority", "arg_max"),
    [
        ({"happy": 10}, HAPPY, HAPPY),
        ({"happy": 6, "sad": 4}, HAPPY, HAPPY),
        ({"happy": 5, "sad": 5}, -1, HAPPY),
        ({"neutral": 4, "sad": 4, "angry": 1, "unknown": 1}, -1, NEUTRAL),
        ({"sad": 5, "happy": 3, "angry": 1, "fear": 1}, SAD, SAD),
        ({"sad": 4, "happy": 3, "angry": 3}, -1, SAD),
        ({"happy": 2, "neutral": 1, "sad": 1, "angry": 1, "fear": 1}, HAPPY, HAPPY),
        (dict.fromkeys(FERPLUS_VOTE_NAMES, 1), -1, NEUTRAL),
        ({"unknown": 6, "happy": 4}, UNKNOWN, UNKNOWN),
        ({"happy": 5, "unknown": 5}, -1, HAPPY),
        ({"not_a_face": 10}, NOT_A_FACE, NOT_A_FACE),
    ],
)
def test_the_two_rules(counts: dict[str, int], majority: int, arg_max: int) -> None:
    assert choose_by_majority(votes(**counts)).tolist() == [majority]
    assert choose_by_arg_max(votes(**counts)).tolist() == [arg_max]


def test_rows_without_a_label_are_dropped_and_counted(tmp_path: Path) -> None:
    made = make_ferplus(tmp_path)
    face_set = read_ferplus(made.path)
    assert face_set.expressions == FERPLUS_EXPRESSIONS
    assert len(face_set) == 67
    assert face_set.votes is not None
    assert face_set.votes.shape == (67, 10)
    assert face_set.history[-1] == (
        "labels by FER+'s rule majority: 67 of 70 rows kept; dropped 1 without a majority, 1 unknown, 1 not a face"
    )
    assert len(read_ferplus(made.path, labels="arg_max")) == 68


def test_the_first_label_is_kept_as_a_column(tmp_path: Path) -> None:
    face_set = read_ferplus(make_ferplus(tmp_path).path, labels="arg_max")
    assert face_set.row_ids[3] == "ferplus:00003"
    assert face_set.columns["fer2013_label"][3] == "happy"
    assert face_set.expressions[face_set.labels[3]] == "happy"


def test_votes_may_lie_elsewhere(tmp_path: Path) -> None:
    made = make_ferplus(tmp_path)
    elsewhere = (tmp_path / "fer2013new.csv").rename(tmp_path / "votes.csv")
    assert len(read_ferplus(made.path, votes_file=elsewhere)) == 67


def test_missing_votes_are_named(tmp_path: Path) -> None:
    made = make_fer2013(tmp_path)
    with pytest.raises(DataError, match=r"fer2013\.csv: no fer2013new\.csv beside FER2013's CSV; get it"):
        read_ferplus(made.path)
    with pytest.raises(DataError, match=r"votes\.csv does not exist; expected FER\+'s fer2013new\.csv"):
        read_ferplus(made.path, votes_file=tmp_path / "votes.csv")


def test_folders_have_no_rows_for_votes(tmp_path: Path) -> None:
    folder = write_folders(tmp_path / "folders", *make_rows(70), has_prefix=True)
    with pytest.raises(DataError, match=r"no fer2013new\.csv beside"):
        read_ferplus(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lines: lines[:-1], r"fer2013new\.csv: 69 rows, expected 70, one for each row of FER2013"),
        (lambda lines: [*lines, lines[-1]], r"fer2013new\.csv: 71 rows, expected 70"),
        (lambda lines: [*lines[:4], lines[4] + ",1", *lines[5:]], "line 5: 11 columns of votes, expected 10"),
        (lambda lines: [*lines[:4], lines[4][:-2], *lines[5:]], "line 5: 9 columns of votes, expected 10"),
        (lambda lines: [*lines[:4], lines[4][:-1] + "7", *lines[5:]], "line 5: 17 votes, expected 10 at most, one an"),
        (lambda lines: [FERPLUS_HEADER + ",more", *lines[1:]], "13 columns, expected 12"),
    ],
    ids=["a row too few", "a row too many", "eleven votes", "nine votes", "seventeen annotators", "eleven columns"],
)
def test_a_wrong_number_of_votes_is_named(tmp_path: Path, change, message: str) -> None:
    made = make_ferplus(tmp_path)
    file = tmp_path / "fer2013new.csv"
    file.write_text("\n".join(change(file.read_text().splitlines())) + "\n")
    with pytest.raises(DataError, match=message):
        read_ferplus(made.path)
