"""FER+: the pictures of FER2013 with the labels that ten annotators each gave them."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mien.data.datasets.fer2013 import locate_fer2013, read_fer2013
from mien.data.face_set import FaceSet
from mien.data.registry import DatasetCard, register_dataset
from mien.errors import DataError
from mien.expressions import FERPLUS_EXPRESSIONS, FERPLUS_VOTE_NAMES


@register_dataset(
    "ferplus",
    card=DatasetCard(
        source="Barsoum et al., Training Deep Networks for Facial Expression Recognition with Crowd-Sourced Label "
        "Distribution, 2016, https://arxiv.org/abs/1608.01041; votes: https://github.com/microsoft/FERPlus",
        license="votes: MIT; pictures: those of FER2013, research use, not to be passed on",
        num_images=31_412,
        locate=locate_fer2013,
        pictures_of="fer2013",
        shares_splits=True,
    ),
)
def read_ferplus(
    path: Path, *, labels: Literal["majority", "arg_max"] = "majority", votes_file: Path | None = None
) -> FaceSet:
    """Read FER2013 with the labels of FER+.

    ``labels="majority"`` is the rule of Microsoft's own reader, as its ``majority`` mode has it: single votes count as
    slips and become 0; the column with the most votes is the label if it has more than half of the votes that are
    left; rows without such a column, and rows whose majority says "unknown" or "not a face", are dropped. It keeps
    25,060 / 3,199 / 3,153 rows. ``labels="arg_max"`` takes the column with the most votes of all ten as they stand, the
    first one where several have as many, and drops rows where that is "unknown" or "not a face". It keeps
    28,389 / 3,553 / 3,546 rows.

    All ten columns of votes are kept for the rows that stay, and FER2013's own label as the column ``fer2013_label``.

    Args:
        path: FER2013's CSV file, packed or plain, or the folder it lies in.
        labels: Rule that makes one label of ten votes: ``majority`` or ``arg_max``.
        votes_file: FER+'s ``fer2013new.csv``; None takes the one beside the CSV.

    Returns:
        Faces of shape ``(N, 48, 48)``, uint8, grey, in eight classes.

    Raises:
        DataError: If a file is missing, there are not ten votes for each row, or FER2013 cannot be read.
    """
    faces = read_fer2013(path, votes_file=votes_file)
    if faces.votes is None:
        raise DataError(f"{path}: no fer2013new.csv beside FER2013's CSV; get it from FER+, or name it as votes_file")
    chosen = choose_by_majority(faces.votes) if labels == "majority" else choose_by_arg_max(faces.votes)
    is_kept = (chosen >= 0) & (chosen < len(FERPLUS_EXPRESSIONS))
    kept = faces.select(is_kept, _describe(chosen, labels))
    own_labels = np.array(faces.expressions)[kept.labels]
    return replace(
        kept,
        name="ferplus",
        labels=chosen[is_kept],
        expressions=FERPLUS_EXPRESSIONS,
        row_ids=np.char.replace(kept.row_ids, "fer2013:", "ferplus:"),
        columns={**kept.columns, "fer2013_label": own_labels},
    )


def choose_by_majority(votes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the column that has more than half of the votes, single votes left out, or -1 where none has.

    Args:
        votes: Shape ``(N, 10)``, columns as in `FERPLUS_VOTE_NAMES`.

    Returns:
        Column numbers, shape ``(N,)``, int64.
    """
    counted = np.where(votes > 1, votes, 0)
    most = counted.max(axis=1)
    chosen: NDArray[np.int64] = np.where(2 * most > counted.sum(axis=1), counted.argmax(axis=1), -1)
    return chosen


def choose_by_arg_max(votes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the column with the most votes, the first where several have as many.

    Args:
        votes: Shape ``(N, 10)``, columns as in `FERPLUS_VOTE_NAMES`.

    Returns:
        Column numbers, shape ``(N,)``, int64.
    """
    chosen: NDArray[np.int64] = votes.argmax(axis=1).astype(np.int64)
    return chosen


def _describe(chosen: NDArray[np.int64], rule: str) -> str:
    counts = {name: int((chosen == number).sum()) for number, name in enumerate(FERPLUS_VOTE_NAMES)}
    kept = sum(counts[name] for name in FERPLUS_EXPRESSIONS)
    return (
        f"labels by FER+'s rule {rule}: {kept:,} of {len(chosen):,} rows kept; dropped {int((chosen < 0).sum()):,} "
        f"without a majority, {counts['unknown']:,} unknown, {counts['not_a_face']:,} not a face"
    )
