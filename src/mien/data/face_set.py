"""``FaceSet``: the one type of labelled faces that readers give and everything above takes."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.data.pictures import STAYING, PictureFiles
from mien.errors import DataError, PictureError

SPLITS: tuple[str, ...] = ("training", "validation", "test")


@dataclass(frozen=True, eq=False)
class FaceSet:
    """Labelled faces of one or several data sets.

    Args:
        name: Name of the data set.
        pictures: Faces of shape ``(N, H, W)`` or ``(N, H, W, 3)``, uint8 of 0..255 and RGB (may be a memory map), or
            float32 after a preparation that leaves such; or files that are read on demand.
        labels: Index into `expressions`, shape ``(N,)``, int64.
        expressions: Class names in label order.
        splits: Split of each row, shape ``(N,)``, one of ``training``, ``validation``, ``test``.
        row_ids: Stable unique id of each row, shape ``(N,)``, str; the same picture of the same data set has the
            same id in each layout where the layout tells it.
        origins: Where each row came from (file and line, or path), shape ``(N,)``, str.
        votes: Annotators' votes, shape ``(N, V)``, int64, or None.
        vote_names: Names of the vote columns.
        columns: Further facts of each row by name, each of shape ``(N,)``, str, empty where unknown: ``subject``,
            ``sequence``, ``frame``, ``data_set``, and what else a data set's names tell.
        history: What was done to the set, one line a step.
        has_published_splits: Whether the splits are the data set's own; copies across published splits are known and
            reported, copies across any other split are an error.
        is_leaky: Whether something was done to it after which no figure is honest, such as balancing before splitting.

    Raises:
        DataError: If shapes do not agree, a label is no class, a split is unknown, or a row id stands twice.
    """

    name: str
    pictures: NDArray[Any] | PictureFiles
    labels: NDArray[np.int64]
    expressions: tuple[str, ...]
    splits: NDArray[np.str_]
    row_ids: NDArray[np.str_]
    origins: NDArray[np.str_]
    votes: NDArray[np.int64] | None = None
    vote_names: tuple[str, ...] = ()
    columns: Mapping[str, NDArray[np.str_]] = field(default_factory=dict)
    history: tuple[str, ...] = field(default=())
    has_published_splits: bool = True
    is_leaky: bool = False

    def __post_init__(self) -> None:
        rows = len(self.pictures)
        if isinstance(self.pictures, np.ndarray) and not _is_stack_of_faces(self.pictures):
            found = f"{self.pictures.dtype} {self.pictures.shape}"
            raise DataError(f"{self.name}: faces are {found}; expected uint8 or float32 (N, H, W[, 3])")
        for what in ("labels", "splits", "row_ids", "origins"):
            shape = getattr(self, what).shape
            if shape != (rows,):
                raise DataError(f"{self.name}: {what} have shape {shape}; expected ({rows},) as there are {rows} faces")
        for what, column in self.columns.items():
            if column.shape != (rows,):
                raise DataError(f"{self.name}: column {what} has shape {column.shape}; expected ({rows},)")
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
        return len(self.pictures)

    @property
    def is_in_memory(self) -> bool:
        """Whether all faces are one array."""
        return isinstance(self.pictures, np.ndarray)

    @property
    def faces(self) -> NDArray[Any]:
        """All faces as one array, shape ``(N, H, W)`` or ``(N, H, W, 3)``, uint8 or float32.

        Raises:
            DataError: If the pictures are still in their files.
        """
        if not isinstance(self.pictures, np.ndarray):
            reasons = [line for line in self.history if line.startswith(STAYING)]
            why = reasons[-1] if reasons else "its pictures are in files of any size"
            raise DataError(f"{self.name}: {why}; prepare them first, with a resize step at least")
        return self.pictures

    @property
    def subjects(self) -> NDArray[np.str_] | None:
        """Who is seen, shape ``(N,)``, empty where unknown; None where nobody is known."""
        subjects = self.columns.get("subject")
        return subjects if subjects is not None and (subjects != "").any() else None

    def read_each(self) -> Iterator[NDArray[Any] | PictureError]:
        """Yield each picture in order, or the error that its file gave."""
        yield from self.pictures.read_each() if isinstance(self.pictures, PictureFiles) else self.pictures

    def select(self, rows: NDArray[np.bool_] | NDArray[np.int64], reason: str = "") -> "FaceSet":
        """Return the set of the given rows.

        Args:
            rows: Mask of shape ``(N,)`` or row indices.
            reason: Line for the history; an empty one leaves the history as it is.
        """
        return replace(
            self,
            pictures=self.pictures[rows],
            labels=self.labels[rows],
            splits=self.splits[rows],
            row_ids=self.row_ids[rows],
            origins=self.origins[rows],
            votes=None if self.votes is None else self.votes[rows],
            columns={name: column[rows] for name, column in self.columns.items()},
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
        if isinstance(self.pictures, PictureFiles):
            digest.update("|".join((*self.expressions, "files")).encode())
            digest.update(b"".join(self.pictures.digests()))
        else:
            digest.update("|".join((*self.expressions, str(self.pictures.shape))).encode())
            digest.update(np.ascontiguousarray(self.pictures).data)
        digest.update(self.labels.astype("<i8").tobytes())
        digest.update("|".join(self.splits.tolist()).encode())
        return digest.hexdigest()


def _is_stack_of_faces(pictures: NDArray[Any]) -> bool:
    return pictures.dtype in (np.uint8, np.float32) and (
        pictures.ndim == 3 or (pictures.ndim == 4 and pictures.shape[3] == 3)
    )
