"""What is wrong with each row, in words, the worst rows first; the report's table and lists are written from it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.data.audit.findings import Findings
from mien.data.audit.groups import sizes_of
from mien.data.audit.votes import LEAST_NOT_A_FACE_VOTES


@dataclass(frozen=True, eq=False)
class Remark:
    """One thing that may be wrong with a row.

    Args:
        text: What it is, in a few words.
        weight: How bad it is; a row's weights add up.
        is_true: Of which rows it is true, shape ``(N,)``.
    """

    text: str
    weight: int
    is_true: NDArray[np.bool_]


def find_remarks(findings: Findings) -> list[Remark]:
    """Return all that may be wrong with rows, each with the rows it is true of.

    Args:
        findings: What the audit saw.
    """
    identical_elsewhere, near_elsewhere = findings.has_copy_in_other_split, findings.has_near_copy_in_other_split
    has_copy, has_near = sizes_of(findings.identical_group) > 1, findings.near_group >= 0
    remarks = [
        Remark("unreadable", 8, ~findings.is_readable),
        Remark("copies have other labels", 5, findings.has_label_conflict),
        Remark("voted no face", 5, findings.not_a_face_votes >= LEAST_NOT_A_FACE_VOTES),
        Remark("black", 5, findings.is_black),
        Remark("nearly blank", 4, findings.is_near_blank & ~findings.is_black),
        Remark("identical in another split", 4, identical_elsewhere),
        Remark("identical in its split", 1, has_copy & ~identical_elsewhere),
        Remark("nearly identical in another split", 3, near_elsewhere),
        Remark("nearly identical in its split", 1, has_near & ~near_elsewhere),
        Remark("subject in several splits", 1, findings.subject_in != ""),
        Remark("votes say otherwise", 1, findings.disagrees_with_votes),
    ]
    for measure, marks in findings.outlier.items():
        remarks += [Remark(f"{measure} {side}", 2, marks == side) for side in ("low", "high")]
    remarks += [Remark(f"no face by {name}", 1, ~has_face) for name, has_face in findings.has_face.items()]
    return remarks


def worst_rows(findings: Findings, remarks: list[Remark], *, at_most: int) -> NDArray[np.int64]:
    """Return the rows with the heaviest remarks, the worst first.

    Args:
        findings: What the audit saw.
        remarks: As `find_remarks` returns them.
        at_most: Largest number of rows.
    """
    weights = np.zeros(len(findings), dtype=np.int64)
    for remark in remarks:
        weights += remark.weight * remark.is_true
    order = np.argsort(-weights, kind="stable")[:at_most]
    result: NDArray[np.int64] = order[weights[order] > 0]
    return result
