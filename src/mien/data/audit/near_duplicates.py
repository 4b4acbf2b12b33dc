"""Pictures that are nearly the same: recompressed, shifted, cropped a little, or mirrored.

All pairs are compared by products of matrices; the few that are left are laid on each other. The audit calls it.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.data.audit.picture_facts import NEAR_BLANK_CONTRAST, SIDE
from mien.data.audit.spectra import ENLARGED, Candidate, Spectra, drop_repeated
from mien.data.audit.threads import count_threads, one_matrix_thread

LEAST_SIMILARITY = 0.85
"""Pairs from this similarity on count as nearly the same."""

KINDS: tuple[str, ...] = ("recompressed", "shifted", "zoomed", "mirrored")
"""How the second picture of a pair differs from the first."""

_LEAST_AT_FIRST_LOOK, _LEAST_BEFORE_REFINING = 0.68, 0.80
_NEARBY_ZOOMS = {1.0: (0.96, 1.04), ENLARGED: (1.075, 1.165)}
_HALF_A_ZOOM_STEP = 0.02
_MARGIN, _SEARCH = 8, 3


@dataclass(frozen=True, eq=False)
class NearPairs:
    """Pairs of pictures that are nearly the same.

    Args:
        first: Number of the one picture, shape ``(P,)``, int64.
        second: Number of the other, larger than `first`, shape ``(P,)``, int64.
        similarity: Mean correlation at the best alignment, up to 1, shape ``(P,)``, float32.
        kinds: One of `KINDS` each, shape ``(P,)``, str.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    similarity: NDArray[np.float32]
    kinds: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.first)


def find_near_pairs(
    pictures: NDArray[np.uint8],
    *,
    least_similarity: float = LEAST_SIMILARITY,
    threads: int | None = None,
    report_done: Callable[[int], None] = lambda _: None,
) -> NearPairs:
    """Return all pairs of pictures of which one is the other recompressed, shifted, cropped a little or mirrored.

    Three steps, each on what the one before left: the magnitudes of the low frequencies, which no shift changes, of
    all pairs by products of matrices, as they are and with one of the two enlarged; the correlation at the best
    shift, from the same spectra; and the correlation of middle and fine detail at the best shift and zoom, pixel by
    pixel. The similarity is two thirds of the former and one third of the latter.

    Args:
        pictures: Grey pictures, shape ``(N, 48, 48)``, uint8; near-blank ones, which resemble all others of
            their kind, are left out.
        least_similarity: Pairs below are not returned.
        threads: Threads to use; as many as there are cores, at most 8, where none are given.
        report_done: Called with the number of pictures compared with all others, which is most of the work.
    """
    rows = np.flatnonzero([picture.std() >= NEAR_BLANK_CONTRAST for picture in pictures])
    spectra = Spectra(pictures[rows])
    aligner = _Aligner(pictures[rows])
    with one_matrix_thread(), ThreadPoolExecutor(threads or count_threads()) as pool:
        found = []
        for block, candidates in zip(
            spectra.blocks(), pool.map(spectra.find_candidates, spectra.blocks()), strict=True
        ):
            found.append(candidates)
            report_done(block.stop)
        candidates = drop_repeated(found)
        parts = (candidates[at : at + 1024] for at in range(0, len(candidates), 1024))
        aligned = pool.map(lambda part: aligner.align_all(spectra.place(part)), parts)
        pairs = _best_of_each(pair for part in aligned for pair in part if pair.similarity >= least_similarity)
    return NearPairs(
        first=rows[np.array([pair.first for pair in pairs], dtype=np.int64)],
        second=rows[np.array([pair.second for pair in pairs], dtype=np.int64)],
        similarity=np.array([pair.similarity for pair in pairs], dtype=np.float32),
        kinds=np.array([pair.kind for pair in pairs], dtype="U12"),
    )


class _Aligned(NamedTuple):
    first: int
    second: int
    similarity: float
    kind: str


class _Place(NamedTuple):
    """Where and how well the middle of the first picture lies in the zoomed second one."""

    height: float
    zoom: float
    shift_yx: tuple[int, int]


class _Aligner:
    """Lays one picture on another and correlates what is seen in both."""

    def __init__(self, pictures: NDArray[np.uint8]) -> None:
        self._pictures = pictures
        self._bands = lru_cache(maxsize=8192)(self._find_bands)

    def align_all(self, candidates: list[Candidate]) -> list[_Aligned]:
        return [aligned for aligned in map(self._align, candidates) if aligned is not None]

    def _align(self, pair: Candidate) -> _Aligned | None:
        middle_one, fine_one = self._bands(pair.one, False)
        middle_other, fine_other = self._bands(pair.other, pair.is_mirrored)
        template = middle_one[_MARGIN : SIDE - _MARGIN, _MARGIN : SIDE - _MARGIN]

        def find(zoom: float) -> _Place:
            return _find_place(template, middle_other, zoom=zoom, near_yx=pair.shift_yx)

        first_look = find(pair.zoom)
        if first_look.height < _LEAST_AT_FIRST_LOOK:
            return None
        best = max(first_look, *map(find, _NEARBY_ZOOMS[pair.zoom]))
        if best.height < _LEAST_BEFORE_REFINING:
            return None
        best = max(best, find(best.zoom - _HALF_A_ZOOM_STEP), find(best.zoom + _HALF_A_ZOOM_STEP))
        similarity = (2 * best.height + _correlate_overlap(fine_one, fine_other, best)) / 3
        kind = "mirrored" if pair.is_mirrored else _kind_of(best)
        return _Aligned(min(pair.one, pair.other), max(pair.one, pair.other), similarity, kind)

    def _find_bands(self, row: int, is_mirrored: bool) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        picture = self._pictures[row].astype(np.float32)
        picture = np.ascontiguousarray(picture[:, ::-1]) if is_mirrored else picture
        sharp, soft, softest = (cv2.GaussianBlur(picture, (0, 0), width) for width in (0.8, 2.5, 4.0))
        return sharp - softest, sharp - soft


def _find_place(
    template: NDArray[np.float32], picture: NDArray[np.float32], *, zoom: float, near_yx: tuple[int, int]
) -> _Place:
    zoomed = _zoom(picture, zoom)
    side = len(zoomed)
    home = (side - len(template)) // 2
    tops = [min(max(home - shift, 0), side - len(template)) for shift in near_yx]
    lows = [max(0, top - _SEARCH) for top in tops]
    highs = [min(side, top + len(template) + _SEARCH) for top in tops]
    surface = cv2.matchTemplate(zoomed[lows[0] : highs[0], lows[1] : highs[1]], template, cv2.TM_CCOEFF_NORMED)
    _, height, _, (left, top) = cv2.minMaxLoc(surface)
    return _Place(height, zoom, (top + lows[0] - home, left + lows[1] - home))


def _zoom(picture: NDArray[np.float32], zoom: float) -> NDArray[np.float32]:
    if zoom == 1.0:
        return picture
    side = round(SIDE * zoom)
    zoomed = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR)
    return zoomed.astype(np.float32, copy=False)


def _correlate_overlap(one: NDArray[np.float32], other: NDArray[np.float32], place: _Place) -> float:
    """Return the correlation of what both pictures show, at the place where the second lies on the first."""
    zoomed = _zoom(other, place.zoom)
    home = (len(zoomed) - SIDE) // 2
    tops = [home + shift for shift in place.shift_yx]
    inside = tuple(slice(max(0, -top), min(SIDE, len(zoomed) - top)) for top in tops)
    behind = tuple(slice(part.start + top, part.stop + top) for part, top in zip(inside, tops, strict=True))
    seen_one, seen_other = (part - part.mean() for part in (one[inside], zoomed[behind]))
    lengths = float(np.linalg.norm(seen_one) * np.linalg.norm(seen_other))
    return float(np.vdot(seen_one, seen_other)) / max(lengths, 1e-6)


def _kind_of(place: _Place) -> str:
    if place.zoom != 1.0:
        return "zoomed"
    return "recompressed" if place.shift_yx == (0, 0) else "shifted"


def _best_of_each(pairs: Iterable[_Aligned]) -> list[_Aligned]:
    """Return each pair once, as plain or as mirrored, whichever fits better, in order of its rows."""
    best: dict[tuple[int, int], _Aligned] = {}
    for pair in pairs:
        key = (pair.first, pair.second)
        if key not in best or pair.similarity > best[key].similarity:
            best[key] = pair._replace(similarity=min(1.0, pair.similarity))
    return [best[key] for key in sorted(best)]
