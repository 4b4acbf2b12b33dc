"""FER+ itself: both rules must keep the rows that are published for them."""

from pathlib import Path

import numpy as np
import pytest

from mien.data import FaceSet, read_dataset
from mien.data.merging import merge_auxiliary
from mien.data.vocabulary import to_vocabulary
from mien.expressions import FERPLUS_EXPRESSIONS, FERPLUS_VOTE_NAMES

ROWS = {"majority": [25_060, 3_199, 3_153], "arg_max": [28_389, 3_553, 3_546]}


def read(file: Path, rule: str) -> FaceSet:
    if not file.with_name("fer2013new.csv").exists():
        pytest.skip("fer2013new.csv does not lie beside the CSV")
    return read_dataset("ferplus", file, labels=rule)


@pytest.mark.parametrize("rule", ROWS)
def test_each_rule_keeps_the_published_rows(real_fer2013_csv: Path, rule: str) -> None:
    face_set = read(real_fer2013_csv, rule)
    assert list(face_set.split_counts().values()) == ROWS[rule]
    assert face_set.expressions == FERPLUS_EXPRESSIONS


def test_kept_rows_have_the_votes_that_made_their_label(real_fer2013_csv: Path) -> None:
    face_set = read(real_fer2013_csv, "majority")
    assert face_set.votes is not None
    own = face_set.votes[np.arange(len(face_set)), face_set.labels]
    assert (own == face_set.votes.max(axis=1)).all()
    assert (own > 1).all()
    assert face_set.votes.shape[1] == len(FERPLUS_VOTE_NAMES)


def test_ferplus_and_fer2013_share_a_vocabulary(real_fer2013_csv: Path) -> None:
    mapped, report = to_vocabulary(read(real_fer2013_csv, "majority"), "fer2013", outside="drop")
    assert dict(report.dropped) == {"contempt": 148}
    agrees = np.array(mapped.expressions)[mapped.labels] == mapped.columns["fer2013_label"]
    assert 0.6 < agrees.mean() < 0.8


def test_ferplus_as_auxiliary_data_brings_no_judged_picture(real_fer2013_csv: Path) -> None:
    main = read_dataset("fer2013", real_fer2013_csv)
    auxiliary, _ = to_vocabulary(read(real_fer2013_csv, "majority"), "fer2013", outside="drop")
    merged = merge_auxiliary(main, [auxiliary])
    added = merged.columns["data_set"] == "ferplus"
    assert (merged.splits[added] == "training").all()
    judged = {face.tobytes() for face in main.faces[main.splits != "training"]}
    assert not any(face.tobytes() in judged for face in merged.faces[added])
