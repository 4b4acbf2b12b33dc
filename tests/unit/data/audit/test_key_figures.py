import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from mien.data import FaceSet
from mien.data.audit import Findings, audit
from mien.data.audit.key_figures import count_findings, judge_against_votes
from tests.unit.data.audit.scenes import make_scenes, make_set, write_files

Audited = tuple[FaceSet, Findings]


def test_figures_count_what_was_planted(audited: Audited) -> None:
    figures = count_findings(audited[1])
    assert figures["rows"] == 30
    assert figures["splits"] == {"training": 22, "validation": 4, "test": 4}
    identical = figures["identical"]
    assert (identical["redundant"], identical["groups"]) == (2, 2)
    assert identical["redundant_by_class"] == {"happy": 0, "sad": 2}
    assert (identical["conflicting_groups"], identical["conflicting_rows"], identical["unequal_pairs"]) == (1, 2, 1)
    assert identical["rows_with_copy_in"]["test"] == {"training": 1, "validation": 0, "test": 0}
    assert identical["rows_with_copy_in"]["training"] == {"training": 2, "validation": 0, "test": 1}
    assert identical["training_rows_with_copy_in_another_split"] == 1
    assert (figures["near"]["rows"], figures["near"]["groups"]) == (2, 1)
    assert figures["near"]["by_kind_of_best"] == {"recompressed": 0, "shifted": 0, "zoomed": 2, "mirrored": 0}
    assert figures["near"]["training_rows_with_near_copy_in_another_split"] == 1
    assert figures["blank"] == {"black": 1, "near_blank": 1}
    assert figures["faces"]["haar"]["found"] == 27
    assert figures["faces"]["haar"]["not_found"]["hits"] == 2
    assert figures["votes"]["not_a_face_rows"] == 3
    assert figures["votes"]["disagreeing_rows"] == 1
    assert figures["votes"]["disagreeing_by_class"] == {"happy": {"happy": 0}, "sad": {"happy": 1}}
    assert figures["subjects"]["by_split"] == {"training": 1, "validation": 1, "test": 0}
    assert figures["published"] == {}


def test_outliers_are_counted_by_side_with_their_thresholds(audited: Audited) -> None:
    outliers = count_findings(audited[1])["outliers"]
    assert outliers["brightness"]["rows_high"]["marked"] == 1
    assert outliers["brightness"]["rows_high"]["hits"] == 1
    assert outliers["brightness"]["high"] == audited[1].whiskers["brightness"].high
    is_any = (audited[1].outlier["brightness"] != "") | (audited[1].outlier["contrast"] != "")
    assert outliers["any"]["marked"] == is_any.sum()


def test_precision_and_recall_are_those_of_the_rows_voted_no_face(audited: Audited) -> None:
    is_marked = np.zeros(30, dtype=bool)
    is_marked[[0, 1, 27, 28]] = True
    judged = judge_against_votes(audited[1], is_marked)
    assert judged == {"marked": 4, "not_a_face": 3, "hits": 2, "precision": 0.5, "recall": 2 / 3}
    assert judge_against_votes(audited[1], np.zeros(30, dtype=bool))["precision"] is None


def test_without_votes_nothing_is_judged() -> None:
    figures = count_findings(audit(make_set(make_scenes(6))))
    assert figures["votes"] is None
    assert figures["outliers"]["any"]["precision"] is None
    assert figures["outliers"]["any"]["not_a_face"] is None


def test_figures_are_json_even_where_nothing_can_be_read(tmp_path: Path, audited: Audited) -> None:
    files = write_files(tmp_path, make_scenes(2))
    for file in files.files:
        file.write_bytes(b"?")
    figures = count_findings(audit(make_set(files)))
    assert json.loads(json.dumps(figures, allow_nan=False))["outliers"]["brightness"]["high"] is None
    assert figures["unreadable"]["rows"] == 2
    assert "000.png" in figures["unreadable"]["reasons"]["made:0"]
    assert json.loads(json.dumps(count_findings(audited[1]), allow_nan=False))["rows"] == 30


def test_published_figures_stand_with_those_of_their_set(audited: Audited) -> None:
    figures = count_findings(replace(audited[1], data_set="fer2013"))
    assert figures["published"]["redundant_copies"]["value"] == 1853
