"""``FaceSet``: the one type of labelled faces that readers give and everything above takes."""

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mien.errors import DataError

SPLITS: tuple[str, ...] = ("training", "validation", "test")


@dataclass(frozen=True, eq=False)
class FaceSet:
    """Labelled faces of one or several data sets.

    Args:
        name: Name of the data set.
        faces: Pictures, shape ``(N, H, W)`` or ``(N, H, W, 3)``, uint8, RGB; may be a memory map.
        labels: Index into `expressions`, shape ``(N,)``, int64.
        expressions: Class names in label order.
        splits: Split of each row, shape ``(N,)``, one of ``training``, ``validation``, ``test``.
        row_ids: Stable unique id of each row, shape ``(N,)``, str; the same picture of the same data set has the
            same id in each layout where the layout tells it.
        origins: Where each row came from (file and line, or path), shape ``(N,)``, str.
        votes: Annotators' votes, shape ``(N, V)``, int64, or None.
        vote_names: Names of the vote columns.
        history: What was done to the set, one line a step.
        has_published_splits: Whether the splits are the data set's own; copies across published splits are known and
            reported, copies across any other split are an error.

    Raises:
        DataError: If shapes do not agree, a label is no class, a split is unknown, or a row id stands twice.
    """

    name: str
    faces: NDArray[np.uint8]
    labels: NDArray[np.int64]
    expressions: tuple[str, ...]
    splits: NDArray[np.str_]
    row_ids: NDArray[np.str_]
    origins: NDArray[np.str_]
    votes: NDArray[np.int64] | None = None
    vote_names: tuple[str, ...] = ()
    history: tuple[str, ...] = field(default=())
    has_published_splits: bool = True

    def __post_init__(self) -> None:
        rows = len(self.faces)
        if self.faces.dtype != np.uint8 or self.faces.ndim not in (3, 4):
            raise DataError(
                f"{self.name}: faces are {self.faces.dtype} {self.faces.shape}; expected uint8 (N, H, W[, 3])"
            )
        for what in ("labels", "splits", "row_ids", "origins"):
            shape = getattr(self, what).shape
            if shape != (rows,):
                raise DataError(f"{self.name}: {what} have shape {shape}; expected ({rows},) as there are {rows} faces")
        if self.votes is not None and self.votes.shape != (rows, len(self.vote_names)):
            raise DataError(
                f"{self.name}: votes have shape {self.votes.shape}; expected ({rows}, {len(self.vote_names)})"
            )
        if rows and not 0 <= self.labels.min() <= self.labels.max() < len(self.expressions):
            raise DataError(f"{self.name}: labels must lie in 0..{len(self.expressions) - 1}")
        unknown = sorted(set(np.unique(self.splits).tolist()) - set(SPLITS))
        if unknown:
            raise DataError(f"{self.name}: unknown split {unknown[0]!r}; expected {', '.join(SPLITS)}")
        if len(np.unique(self.row_ids)) != rows:
            raise DataError(f"{self.name}: row ids are not unique ({rows} rows)")

    def __len__(self) -> int:
        return len(self.faces)

    def select(self, rows: NDArray[np.bool_] | NDArray[np.int64], reason: str = "") -> "FaceSet":
        """Return the set of the given rows.

        Args:
            rows: Mask of shape ``(N,)`` or row indices.
            reason: Line for the history; an empty one leaves the history as it is.
        """
        return replace(
            self,
            faces=self.faces[rows],
            labels=self.labels[rows],
            splits=self.splits[rows],
            row_ids=self.row_ids[rows],
            origins=self.origins[rows],
            votes=None if self.votes is None else self.votes[rows],
            history=(*self.history, reason) if reason else self.history,
        )

    def split(self, name: str) -> "FaceSet":
        """Return the rows of one split.

        Raises:
            DataError: If the split is unknown or has no rows.
        """
        if name not in SPLITS:
            raise DataError(f"unknown split {name!r}; expected {', '.join(SPLITS)}")
        rows = self.splits == name
        if not rows.any():
            raise DataError(f"{self.name} has no {name} split")
        return self.select(rows)

    def class_counts(self, split: str | None = None) -> dict[str, int]:
        """Return how many rows each class has, in one split or in all."""
        labels = self.labels if split is None else self.labels[self.splits == split]
        counts = np.bincount(labels, minlength=len(self.expressions))
        return {name: int(count) for name, count in zip(self.expressions, counts, strict=True)}

    def split_counts(self) -> dict[str, int]:
        """Return how many rows each split has, in the order training, validation, test."""
        return {name: int((self.splits == name).sum()) for name in SPLITS}

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over pictures, labels, splits and class names: equal for equal data, whatever file it came from."""
        digest = hashlib.sha256()
        digest.update("|".join((*self.expressions, str(self.faces.shape))).encode())
        digest.update(np.ascontiguousarray(self.faces).data)
        digest.update(self.labels.astype("<i8").tobytes())
        digest.update("|".join(self.splits.tolist()).encode())
        return digest.hexdigest()
