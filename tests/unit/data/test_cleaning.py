from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.data import FaceSet
from mien.data.audit import Findings, audit
from mien.data.audit.copies import rows_with_copy_in
from mien.data.cleaning import RULES, clean, name_splits, order_rules, plan_cleaning
from mien.errors import DataError
from tests.unit.data.audit.scenes import crop, make_scenes, make_set

#            0 1 2 3 4 5 6 7 8 9
PICTURES = "a a b b c d d e f f"  # equal letters are identical pictures
LABELS = [0, 0, 0, 1, 0, 0, 0, 0, 1, 1]
SPLITS = ["training"] * 5 + ["training", "test", "validation", "validation", "test"]


@pytest.fixture(scope="module")
def audited() -> tuple[FaceSet, Findings]:
    """Copies in training (a), with two labels (b), across splits (d, f); the last row is e, cropped, in training."""
    names = PICTURES.split()
    scenes = dict(zip(sorted(set(names)), make_scenes(6, seed=20), strict=True))
    pictures = np.stack([*(scenes[name] for name in names), crop(scenes["e"])])
    votes = np.zeros((11, 2), np.int64)
    votes[:, 0] = 10
    votes[4] = [4, 6]
    votes[7] = [1, 9]
    face_set = make_set(pictures, labels=[*LABELS, 0], splits=[*SPLITS, "training"])
    face_set = replace(face_set, votes=votes, vote_names=("happy", "not_a_face"))
    findings = audit(face_set)
    has_face = np.array([True] * 11)
    has_face[[4, 7]] = False
    outlier = {measure: np.array([""] * 11) for measure in ("brightness", "contrast")}
    outlier["brightness"] = np.array(["high", "", "low", *[""] * 8])
    outlier["contrast"] = np.array([*[""] * 8, "high", "", ""])
    sure = np.ones(11, dtype=bool)
    findings = replace(findings, has_face={"haar": has_face, "yunet": sure & (np.arange(11) != 4)}, outlier=outlier)
    return face_set, findings


def dropped(findings: Findings, rules: Sequence[str], splits: Sequence[str] | str = ("training",)) -> list[int]:
    return np.flatnonzero(~plan_cleaning(findings, rules, splits=splits).is_kept).tolist()


@pytest.mark.parametrize(
    ("rule", "from_training", "from_all"),
    [
        ("unreadable", [], []),
        ("blank", [], []),
        ("no_face", [4], [4]),
        ("no_face:haar", [4], [4, 7]),
        ("not_a_face_votes", [4], [4, 7]),
        ("not_a_face_votes:7", [], [7]),
        ("outliers", [0, 2], [0, 2, 8]),
        ("outliers:brightness", [0, 2], [0, 2]),
        ("outliers:brightness_high", [0], [0]),
        ("outliers:contrast", [], [8]),
        ("conflicting_labels", [2, 3], [2, 3]),
        ("copies_in_test", [5], [5]),
        ("near_copies_in_test", [10], [10]),
        ("exact_duplicates", [1, 3, 5], [1, 3, 5, 8]),
        ("near_duplicates", [10], [10]),
    ],
)
def test_each_rule_drops_its_rows(
    audited: tuple[FaceSet, Findings], rule: str, from_training: list[int], from_all: list[int]
) -> None:
    assert dropped(audited[1], [rule]) == from_training
    assert dropped(audited[1], [rule], "all") == from_all


def test_of_copies_that_of_test_stays_before_validation_before_training() -> None:
    scenes = make_scenes(1)
    face_set = make_set(scenes[[0] * 5], splits=["training", "validation", "training", "test", "test"])
    findings = audit(face_set)
    assert dropped(findings, ["exact_duplicates"], "all") == [0, 1, 2, 4]
    assert dropped(findings, ["exact_duplicates"]) == [0, 2]
    assert dropped(findings, ["exact_duplicates"], ["training", "validation"]) == [0, 1, 2]


def test_the_copy_that_stays_is_one_that_no_other_rule_drops(audited: tuple[FaceSet, Findings]) -> None:
    plan = plan_cleaning(audited[1], ["exact_duplicates", "outliers"])
    assert plan.rules == ("outliers", "exact_duplicates")
    assert plan.dropped_by[[0, 1]].tolist() == ["outliers", ""]


def test_counts_are_those_of_rows_that_no_earlier_rule_dropped(audited: tuple[FaceSet, Findings]) -> None:
    plan = plan_cleaning(audited[1], ["exact_duplicates", "conflicting_labels"])
    assert plan.counts == {
        "conflicting_labels": {"training": 2, "validation": 0, "test": 0},
        "exact_duplicates": {"training": 2, "validation": 0, "test": 0},
    }


def test_the_history_says_what_went_by_which_rule(audited: tuple[FaceSet, Findings]) -> None:
    face_set, findings = audited
    cleaned = clean(face_set, findings, ["no_face:haar", "blank", "exact_duplicates"])
    assert cleaned.history == (
        "made up",
        "cleaned by blank: no rows dropped",
        "cleaned by no_face:haar: 1 training rows dropped",
        "cleaned by exact_duplicates: 3 training rows dropped",
    )
    assert cleaned.row_ids.tolist() == [f"made:{row}" for row in (0, 2, 6, 7, 8, 9, 10)]
    assert cleaned.has_published_splits


def test_dropping_judged_rows_is_said_loudly_and_ends_the_published_splits(audited: tuple[FaceSet, Findings]) -> None:
    face_set, findings = audited
    cleaned = clean(face_set, findings, ["not_a_face_votes", "exact_duplicates"], splits="all")
    assert cleaned.history[1] == (
        "WARNING: cleaning dropped 2 rows of validation and test; what is judged is no longer the published split"
    )
    assert cleaned.history[2] == "cleaned by not_a_face_votes: 1 training and 1 validation rows dropped"
    assert not cleaned.has_published_splits
    untouched = clean(face_set, findings, ["conflicting_labels"], splits="all")
    assert not any("WARNING" in line for line in untouched.history)
    assert untouched.has_published_splits


def test_cleaning_leaves_no_leak_behind(audited: tuple[FaceSet, Findings]) -> None:
    face_set, findings = audited
    cleaned = clean(face_set, findings, ["copies_in_test", "near_copies_in_test"])
    assert not rows_with_copy_in(cleaned, "training")[cleaned.splits != "training"].any()
    again = audit(cleaned)
    assert not again.near_in["training"][cleaned.splits != "training"].any()


def test_nothing_named_is_nothing_done(audited: tuple[FaceSet, Findings]) -> None:
    face_set, findings = audited
    cleaned = clean(face_set, findings, [])
    assert len(cleaned) == len(face_set)
    assert cleaned.history == face_set.history


def test_findings_of_another_set_are_refused(audited: tuple[FaceSet, Findings]) -> None:
    face_set, findings = audited
    once = clean(face_set, findings, ["exact_duplicates"])
    with pytest.raises(
        DataError, match=r"it holds 8 of the 11 rows that were audited; .* clean it with all rules at once"
    ):
        clean(once, findings, ["outliers"])


def test_a_set_is_not_cleaned_away(audited: tuple[FaceSet, Findings]) -> None:
    face_set, findings = audited
    nobody = replace(findings, has_face={"haar": np.zeros(11, dtype=bool)})
    with pytest.raises(DataError, match="made: cleaning by no_face would leave no row"):
        clean(face_set, nobody, ["no_face"], splits="all")


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (["exact_duplicate"], "no rule of cleaning is called 'exact_duplicate'; did you mean 'exact_duplicates'?"),
        (["outliers:bright"], "rule outliers: unknown outliers 'bright'; did you mean 'brightness'?"),
        (["blank:5"], "rule 'blank:5' cannot be read; expected blank"),
        (["no_face:"], "rule 'no_face:' cannot be read; expected no_face:DETECTOR"),
        (["no_face:retina"], "rule no_face: 'retina' did not look for faces; haar, yunet did"),
        (["not_a_face_votes:some"], "rule not_a_face_votes: 'some' is no number of votes"),
    ],
)
def test_rules_that_cannot_be_read_are_refused(
    audited: tuple[FaceSet, Findings], rules: list[str], message: str
) -> None:
    with pytest.raises(DataError) as caught:
        plan_cleaning(audited[1], rules)
    assert str(caught.value).startswith(message)


def test_rules_ask_for_what_the_audit_did_not_see() -> None:
    findings = audit(make_set(make_scenes(2)))
    with pytest.raises(DataError, match="rule no_face: nobody looked for faces; audit the set with a detector"):
        plan_cleaning(findings, ["no_face"])
    with pytest.raises(DataError, match="rule not_a_face_votes: made has no such votes"):
        plan_cleaning(findings, ["not_a_face_votes"])


def test_splits_are_named_one_by_one_or_all() -> None:
    assert name_splits("all") == ("training", "validation", "test")
    assert name_splits("training") == ("training",)
    with pytest.raises(DataError, match="unknown split 'train'; expected training, validation, test or all"):
        name_splits(["training", "train"])


def test_rules_run_once_each_in_the_order_of_the_list() -> None:
    names = ["near_duplicates", "unreadable", "exact_duplicates", "unreadable", "outliers:contrast", "blank"]
    assert order_rules(names) == ("unreadable", "blank", "outliers:contrast", "exact_duplicates", "near_duplicates")


def test_every_rule_says_what_it_drops() -> None:
    assert all(rule.summary for rule in RULES.values())


def made_findings(groups: list[int], labels: list[int], splits: list[str]) -> tuple[FaceSet, Findings]:
    pictures = np.array(groups, np.uint8)[:, None, None].repeat(4, 1).repeat(4, 2) * 10
    face_set = make_set(pictures, labels=np.array(labels, np.int64), splits=np.array(splits))
    return face_set, audit(face_set, least_similarity=None)


ROWS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 1), st.sampled_from(["training", "validation", "test"])),
    min_size=1,
    max_size=14,
)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.lists(st.sampled_from(["exact_duplicates", "conflicting_labels", "copies_in_test"]), unique=True))
def test_only_training_rows_go_unless_more_is_asked_for(rows, rules: list[str]) -> None:
    face_set, findings = made_findings(*map(list, zip(*rows, strict=True)))
    kept = plan_cleaning(findings, rules).is_kept
    assert kept[face_set.splits != "training"].all()


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_one_of_each_picture_stays_and_counts_add_up(rows) -> None:
    face_set, findings = made_findings(*map(list, zip(*rows, strict=True)))
    plan = plan_cleaning(findings, ["exact_duplicates"], splits="all")
    groups = findings.identical_group
    assert sorted(groups[plan.is_kept].tolist()) == sorted(set(groups.tolist()))
    assert sum(plan.counts["exact_duplicates"].values()) == len(face_set) - len(set(groups.tolist()))
    for group in set(groups.tolist()):
        splits = set(face_set.splits[groups == group].tolist())
        best = next(split for split in ("test", "validation", "training") if split in splits)
        assert face_set.splits[plan.is_kept & (groups == group)].tolist() == [best]
