"""What near duplicates mean for the rows of a set: pairs are of pictures, and a picture may stand in several rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.data.audit.groups import is_repeated, join_pairs
from mien.data.audit.near_duplicates import find_near_pairs
from mien.data.audit.picture_facts import PictureFacts
from mien.data.face_set import SPLITS, FaceSet


@dataclass(frozen=True, eq=False)
class NearRows:
    """Near duplicates of each row's picture; every copy of a picture has the same.

    Args:
        group: Group that chains of pairs join, shape ``(N,)``, int64; -1 for none.
        row_ids: First row of the picture that is most alike, shape ``(N,)``, str; empty for none.
        similarity: Its similarity, shape ``(N,)``, float32; NaN for none.
        kinds: How it differs, shape ``(N,)``, str; empty for none.
        in_splits: By split, whether a nearly identical picture stands there, each of shape ``(N,)``.
    """

    group: NDArray[np.int64]
    row_ids: NDArray[np.str_]
    similarity: NDArray[np.float32]
    kinds: NDArray[np.str_]
    in_splits: Mapping[str, NDArray[np.bool_]]


def find_near_rows(
    face_set: FaceSet,
    facts: PictureFacts,
    *,
    least_similarity: float | None,
    report_done: Callable[[int], None] = lambda _: None,
) -> NearRows:
    """Return the near duplicates of each row; identical pictures are none.

    Args:
        face_set: The faces.
        facts: What one look at its pictures gave.
        least_similarity: Similarity, up to 1, from which two pictures are nearly the same; None finds none.
        report_done: Called with the number of pictures compared with all others.
    """
    picture = facts.identical  # the number of each row's picture, in order of first appearance; -1 without one
    first_row = np.flatnonzero((picture >= 0) & ~is_repeated(picture))
    compared = facts.thumbnails[first_row] if least_similarity is not None else facts.thumbnails[:0]
    pairs = find_near_pairs(compared, least_similarity=least_similarity or 0, report_done=report_done)
    one, other = np.append(pairs.first, pairs.second), np.append(pairs.second, pairs.first)
    similarity, kinds = np.tile(pairs.similarity, 2), np.tile(pairs.kinds, 2)
    order = np.argsort(similarity, kind="stable")
    best = np.full(len(first_row) + 1, -1)  # the last entry, number -1, is for rows without a picture
    best[one[order]] = order  # the surest comes last and stays
    pair = best[picture]
    has_pair = pair >= 0
    row_ids = np.full_like(face_set.row_ids, "")
    row_ids[has_pair] = face_set.row_ids[first_row[other[pair[has_pair]]]]
    of_rows = NearRows(
        group=np.append(join_pairs(len(first_row), pairs.first, pairs.second), -1)[picture],
        row_ids=row_ids,
        similarity=np.full(len(picture), np.nan, dtype=np.float32),
        kinds=np.full(len(picture), "", dtype=kinds.dtype),
        in_splits={split: np.zeros(len(picture), dtype=bool) for split in SPLITS},
    )
    of_rows.similarity[has_pair] = similarity[pair[has_pair]]
    of_rows.kinds[has_pair] = kinds[pair[has_pair]]
    for split, is_in_split in of_rows.in_splits.items():
        stands_there = np.zeros(len(first_row) + 1, dtype=bool)
        stands_there[picture[(face_set.splits == split) & (picture >= 0)]] = True
        has_near = np.zeros(len(first_row) + 1, dtype=bool)
        has_near[one[stands_there[other]]] = True
        is_in_split[:] = has_near[picture]
    return of_rows
