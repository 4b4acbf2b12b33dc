"""Contact sheets: the pictures behind the findings, small, named, and inside the page itself."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mien.data.audit.findings import Findings
from mien.data.audit.votes import LEAST_NOT_A_FACE_VOTES
from mien.data.face_set import FaceSet
from mien.data.pictures import PictureFiles
from mien.errors import PictureError
from mien.pages import data_address

_MOST_TILES = 40
_LARGEST_SIDE = 96


@dataclass(frozen=True)
class Tile:
    """One picture of a sheet.

    Args:
        source: The picture as a ``data:`` address.
        row_id: Its row id.
        origin: Where the row came from.
        caption: What is said about it.
    """

    source: str
    row_id: str
    origin: str
    caption: str


@dataclass(frozen=True)
class Sheet:
    """Pictures that show one kind of finding.

    Args:
        title: What they have in common.
        num_rows: How many such rows there are in all.
        groups: The pictures shown, those that belong together in one group.
        remark: What is not shown.
    """

    title: str
    num_rows: int
    groups: tuple[tuple[Tile, ...], ...]
    remark: str = ""

    @property
    def num_tiles(self) -> int:
        """How many pictures are shown."""
        return sum(map(len, self.groups))


class SheetMaker:
    """Makes contact sheets of one audited set.

    Args:
        face_set: The faces.
        findings: What the audit saw in them.
    """

    def __init__(self, face_set: FaceSet, findings: Findings) -> None:
        self._set, self._findings = face_set, findings
        self._row_of_id = {row_id: row for row, row_id in enumerate(findings.row_ids.tolist())}
        self._label_names = np.array(findings.expressions)[findings.labels]

    def make_all(self) -> dict[str, list[Sheet]]:
        """Return the sheets of each chapter of the report; a sheet without pictures is left out."""
        chapters = {
            "identical": [self._conflicts(), self._copies_across_splits()],
            "near": [self._near_across_splits(), self._least_sure()],
            "blank": [self._blank()],
            "outliers": self._outliers(),
            "faces": [self._without_face(name) for name in self._findings.has_face],
            "votes": [self._not_a_face(), self._disagreements()],
        }
        return {chapter: [sheet for sheet in sheets if sheet.num_tiles] for chapter, sheets in chapters.items()}

    def _conflicts(self) -> Sheet:
        findings = self._findings
        rows = np.flatnonzero(findings.has_label_conflict & ~findings.is_black)
        rows = rows[np.argsort(findings.identical_group[rows], kind="stable")]
        captions = [f"{self._label_names[row]} · {findings.splits[row]}" for row in rows.tolist()]
        groups = findings.identical_group[rows]
        title = "Copies of one picture with different labels"
        return self._sheet(title, rows, captions, groups=groups, total=int(findings.has_label_conflict.sum()))

    def _copies_across_splits(self) -> Sheet:
        findings = self._findings
        is_across = findings.has_copy_in_other_split
        rows = np.flatnonzero(is_across & ~findings.is_black & ~findings.has_label_conflict)
        rows = rows[np.argsort(findings.identical_group[rows], kind="stable")]
        captions = [f"{self._label_names[row]} · {findings.splits[row]}" for row in rows.tolist()]
        title = "Identical pictures in different splits"
        return self._sheet(title, rows, captions, groups=findings.identical_group[rows], total=int(is_across.sum()))

    def _near_across_splits(self) -> Sheet:
        is_across = self._findings.has_near_copy_in_other_split
        others = [self._row_of_id.get(row_id, -1) for row_id in self._findings.near_row_id.tolist()]
        is_best_across = is_across & (self._findings.splits[others] != self._findings.splits)
        order = np.flatnonzero(is_best_across & (self._findings.splits == "test"))
        return self._pairs("Nearly identical pictures in different splits", order, total=int(is_across.sum()))

    def _least_sure(self) -> Sheet:
        rows = np.flatnonzero(self._findings.near_group >= 0)
        rows = rows[np.argsort(self._findings.near_similarity[rows], kind="stable")]
        return self._pairs("Nearly identical pictures, the least sure first", rows, total=len(rows))

    def _pairs(self, title: str, rows: NDArray[np.int64], *, total: int) -> Sheet:
        findings, both, captions, groups = self._findings, [], [], []
        shown: set[tuple[int, int]] = set()
        for row in rows.tolist():
            other = self._row_of_id[str(findings.near_row_id[row])]
            pair = (min(row, other), max(row, other))
            if pair in shown:
                continue
            shown.add(pair)
            both += [row, other]
            groups += [len(shown), len(shown)]
            about = f"{findings.near_kind[row]} {findings.near_similarity[row]:.2f}"
            captions += [
                f"{self._label_names[row]} · {findings.splits[row]} · {about}",
                f"{self._label_names[other]} · {findings.splits[other]}",
            ]
            if len(both) >= _MOST_TILES:
                break
        return self._sheet(title, np.array(both, dtype=np.int64), captions, groups=np.array(groups), total=total)

    def _blank(self) -> Sheet:
        rows = np.flatnonzero(self._findings.is_near_blank)
        rows = rows[np.argsort(-self._findings.contrast[rows], kind="stable")]
        captions = [f"contrast {self._findings.contrast[row]:.1f}" for row in rows.tolist()]
        return self._sheet("Blank and nearly blank pictures", rows, captions)

    def _outliers(self) -> list[Sheet]:
        sheets = []
        for measure, marks in self._findings.outlier.items():
            values = getattr(self._findings, measure)
            for side, sign in (("high", -1), ("low", 1)):
                rows = np.flatnonzero((marks == side) & ~self._findings.is_black)
                rows = rows[np.argsort(sign * values[rows], kind="stable")]
                captions = [f"{measure} {values[row]:.0f}" for row in rows.tolist()]
                total = int((marks == side).sum())
                sheets.append(self._sheet(f"{measure.capitalize()} too {side}", rows, captions, total=total))
        return sheets

    def _without_face(self, name: str) -> Sheet:
        rows = np.flatnonzero(~self._findings.has_face[name] & self._findings.is_readable & ~self._findings.is_black)
        shown = rows[np.linspace(0, len(rows) - 1, min(_MOST_TILES, len(rows))).astype(np.int64)]
        captions = [f"{self._label_names[row]} · {self._findings.splits[row]}" for row in shown.tolist()]
        return self._sheet(f"No face found by {name}, from the whole set", shown, captions, total=len(rows))

    def _not_a_face(self) -> Sheet:
        votes = self._findings.not_a_face_votes
        rows = np.flatnonzero((votes >= LEAST_NOT_A_FACE_VOTES) & ~self._findings.is_black)
        rows = rows[np.argsort(-votes[rows], kind="stable")]
        captions = [f"{self._label_names[row]} · {votes[row]} votes" for row in rows.tolist()]
        title = f"At least {LEAST_NOT_A_FACE_VOTES} annotators saw no face"
        return self._sheet(title, rows, captions, total=int((votes >= LEAST_NOT_A_FACE_VOTES).sum()))

    def _disagreements(self) -> Sheet:
        rows = np.flatnonzero(self._findings.disagrees_with_votes)
        if self._set.votes is not None:
            rows = rows[np.argsort(-self._set.votes[rows].max(axis=1), kind="stable")]
        captions = [f"{self._label_names[row]}, votes {self._findings.votes_majority[row]}" for row in rows.tolist()]
        return self._sheet("Votes against the label, the clearest first", rows, captions)

    def _sheet(
        self,
        title: str,
        rows: NDArray[np.int64],
        captions: Sequence[str],
        *,
        groups: NDArray[np.int64] | None = None,
        total: int | None = None,
    ) -> Sheet:
        numbers = np.zeros(len(rows), dtype=np.int64) if groups is None else groups
        shown = rows[: _end_of_last_group(numbers)].tolist()
        tiles: dict[int, list[Tile]] = {}
        for at, (row, source) in enumerate(zip(shown, self._sources(shown), strict=True)):
            tile = Tile(source, str(self._findings.row_ids[row]), str(self._findings.origins[row]), captions[at])
            tiles.setdefault(int(numbers[at]), []).append(tile)
        count = len(rows) if total is None else total
        remark = "without the black ones" if len(rows) < count and self._findings.is_black.any() else ""
        return Sheet(title, count, tuple(map(tuple, tiles.values())), remark)

    def _sources(self, rows: Iterable[int]) -> Iterable[str]:
        for row in rows:
            try:
                yield _to_address(_read(self._set, row))
            except PictureError:  # read a moment ago, and gone since
                yield ""


def _end_of_last_group(numbers: NDArray[np.int64]) -> int:
    """Return how many rows to show so that no group is cut; a single one that is too large is."""
    if len(numbers) <= _MOST_TILES or len(np.unique(numbers[: _MOST_TILES + 1])) == 1:
        return min(len(numbers), _MOST_TILES)
    is_new = numbers[1 : _MOST_TILES + 1] != numbers[:_MOST_TILES]
    return int(np.flatnonzero(is_new)[-1]) + 1


def _read(face_set: FaceSet, row: int) -> NDArray[np.uint8]:
    if isinstance(face_set.pictures, PictureFiles):
        return face_set.pictures.read(row)
    picture: NDArray[np.uint8] = face_set.pictures[row]
    return picture


def _to_address(picture: NDArray[np.uint8]) -> str:
    image = Image.fromarray(picture)
    image.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return data_address(buffer.getvalue(), "image/png")
