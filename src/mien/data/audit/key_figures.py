"""The figures of an audit, counted from its findings: what ``audit.json`` holds and the report is written from."""

import math
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.data.audit.findings import Findings
from mien.data.audit.groups import is_repeated
from mien.data.audit.label_conflicts import count_unequal_pairs
from mien.data.audit.near_duplicates import KINDS
from mien.data.audit.published import PUBLISHED
from mien.data.audit.votes import LEAST_NOT_A_FACE_VOTES
from mien.data.face_set import SPLITS

Figures = dict[str, Any]


def count_findings(findings: Findings) -> Figures:
    """Return all figures of an audit as plain values, ready for JSON.

    Args:
        findings: What the audit saw.
    """
    return {
        "data_set": findings.data_set,
        "fingerprint": findings.fingerprint,
        "rows": len(findings),
        "history": list(findings.history),
        "settings": dict(findings.settings),
        "splits": {split: int((findings.splits == split).sum()) for split in SPLITS},
        "classes": {split: _by_class(findings, findings.splits == split) for split in SPLITS},
        "unreadable": _unreadable(findings),
        "identical": _identical(findings),
        "near": _near(findings),
        "blank": {"black": int(findings.is_black.sum()), "near_blank": int(findings.is_near_blank.sum())},
        "outliers": _outliers(findings),
        "faces": {name: _faces(findings, has_face) for name, has_face in findings.has_face.items()},
        "votes": _votes(findings),
        "subjects": _subjects(findings),
        "published": {name: asdict(each) for name, each in PUBLISHED.get(findings.data_set, {}).items()},
    }


def judge_against_votes(findings: Findings, is_marked: NDArray[np.bool_]) -> Figures:
    """Return how well a mark finds the rows in which annotators saw no face.

    Args:
        findings: What the audit saw.
        is_marked: Rows that a rule marks, shape ``(N,)``.

    Returns:
        ``marked``, ``not_a_face`` (among all rows), ``hits``, and ``precision`` and ``recall`` from 0 to 1, or None
        without a case; the last four are None where nobody was asked.
    """
    is_asked = findings.not_a_face_votes >= 0
    marked = int(is_marked.sum())
    if not is_asked.any():
        return {"marked": marked, "not_a_face": None, "hits": None, "precision": None, "recall": None}
    is_none = findings.not_a_face_votes >= LEAST_NOT_A_FACE_VOTES
    wanted, hits = int(is_none.sum()), int((is_none & is_marked).sum())
    return {
        "marked": marked,
        "not_a_face": wanted,
        "hits": hits,
        "precision": hits / marked if marked else None,
        "recall": hits / wanted if wanted else None,
    }


def _by_class(findings: Findings, is_counted: NDArray[np.bool_]) -> dict[str, int]:
    counts = np.bincount(findings.labels[is_counted], minlength=len(findings.expressions))
    return dict(zip(findings.expressions, counts.tolist(), strict=True))


def _by_split(findings: Findings, is_counted: NDArray[np.bool_]) -> dict[str, int]:
    return {split: int((is_counted & (findings.splits == split)).sum()) for split in SPLITS}


def _across(findings: Findings, is_in: Any) -> dict[str, dict[str, int]]:
    """Return by split how many of its rows have a copy in each split, its own too."""
    return {split: {other: _by_split(findings, is_in[other])[split] for other in SPLITS} for split in SPLITS}


def _unreadable(findings: Findings) -> Figures:
    rows = np.flatnonzero(~findings.is_readable)
    return {"rows": len(rows), "reasons": {findings.row_ids[row]: findings.unreadable[row] for row in rows.tolist()}}


def _identical(findings: Findings) -> Figures:
    groups, labels = findings.identical_group, findings.labels
    is_redundant, has_conflict = is_repeated(groups), findings.has_label_conflict
    return {
        "redundant": int(is_redundant.sum()),
        "redundant_by_class": _by_class(findings, is_redundant),
        "groups": len(np.unique(groups[is_redundant])),
        "conflicting_groups": len(np.unique(groups[has_conflict])),
        "conflicting_rows": int(has_conflict.sum()),
        "unequal_pairs": count_unequal_pairs(groups, labels),
        "rows_with_copy_in": _across(findings, findings.identical_in),
        "training_rows_with_copy_in_another_split": _by_split(findings, findings.has_copy_in_other_split)["training"],
    }


def _near(findings: Findings) -> Figures:
    has_near = findings.near_group >= 0
    return {
        "rows": int(has_near.sum()),
        "groups": len(np.unique(findings.near_group[has_near])),
        "by_kind_of_best": {kind: int((findings.near_kind == kind).sum()) for kind in KINDS},
        "rows_with_near_copy_in": _across(findings, findings.near_in),
        "training_rows_with_near_copy_in_another_split": _by_split(findings, findings.has_near_copy_in_other_split)[
            "training"
        ],
    }


def _outliers(findings: Findings) -> Figures:
    is_any = np.zeros(len(findings), dtype=bool)
    result: Figures = {}
    for measure, marks in findings.outlier.items():
        is_any |= marks != ""
        levels = asdict(findings.whiskers[measure])
        result[measure] = {name: None if math.isnan(level) else level for name, level in levels.items()} | {
            f"rows_{side}": judge_against_votes(findings, marks == side) for side in ("low", "high")
        }
    return result | {"any": judge_against_votes(findings, is_any)}


def _faces(findings: Findings, has_face: NDArray[np.bool_]) -> Figures:
    return {
        "found": int(has_face.sum()),
        "found_by_split": _by_split(findings, has_face),
        "not_found_by_class": _by_class(findings, ~has_face),
        "not_found": judge_against_votes(findings, ~has_face),
    }


def _votes(findings: Findings) -> Figures | None:
    if not (findings.votes_majority != "").any():
        return None
    disagreements = np.flatnonzero(findings.disagrees_with_votes)
    names = sorted(set(findings.votes_majority[disagreements].tolist()))
    by_class: dict[str, dict[str, int]] = {}
    for label, expression in enumerate(findings.expressions):
        said = findings.votes_majority[disagreements][findings.labels[disagreements] == label]
        by_class[expression] = {name: int((said == name).sum()) for name in names}
    return {
        "least_not_a_face_votes": LEAST_NOT_A_FACE_VOTES,
        "not_a_face_rows": int((findings.not_a_face_votes >= LEAST_NOT_A_FACE_VOTES).sum()),
        "disagreeing_rows": len(disagreements),
        "disagreeing_by_split": _by_split(findings, findings.disagrees_with_votes),
        "disagreeing_by_class": by_class,
    }


def _subjects(findings: Findings) -> Figures:
    is_across = findings.subject_in != ""
    return {"rows_of_subjects_in_several_splits": int(is_across.sum()), "by_split": _by_split(findings, is_across)}
