"""Which pictures may be the same, by their low frequencies: all pairs at once, whatever their shift.

The search for near duplicates asks here first; what is left, it compares pixel by pixel.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.data.audit.picture_facts import SIDE

ENLARGED = 1.12
"""How much one of two pictures is enlarged where they are not compared as they are."""

LARGEST_SHIFT = 8
"""Largest shift between two pictures that is looked for, in pixels."""

_LEAST_SPECTRAL = 0.76
_LEAST_BY_SHIFT = 0.78
_MOST_CANDIDATES_A_ROW = 64
_BLOCK_ROWS, _TILE_COLUMNS = 256, 4096  # a product of this size stays in the processor's cache
_FREQUENCIES = 10
_SPECTRAL_FREQUENCIES = 8


class Candidate(NamedTuple):
    """A pair that may be the same: the other picture, mirrored and enlarged as said, lies shifted on the one."""

    one: int
    other: int
    is_mirrored: bool
    zoom: float
    shift_yx: tuple[int, int]


_CANDIDATE = np.dtype([("one", "<i4"), ("other", "<i4"), ("is_mirrored", "?"), ("is_enlarged", "?"), ("score", "<f4")])


@dataclass(frozen=True, eq=False)
class _Vectors:
    """Magnitudes of low frequencies as vectors of length one, whatever a picture's shift.

    A mirror changes the order of the magnitudes alone: it leaves the even part of a vector as it is and turns the sign
    of the odd part. So two products tell how alike two pictures are both as they are and mirrored: sum and difference.
    """

    even: NDArray[np.float32]
    odd: NDArray[np.float32]


class Spectra:
    """Low frequencies of windowed pictures, as they are and enlarged.

    Args:
        pictures: Grey pictures, shape ``(N, 48, 48)``, uint8.
    """

    def __init__(self, pictures: NDArray[np.uint8]) -> None:
        self._plain = _transform(pictures)
        self._enlarged = _transform(_enlarge(pictures))
        self._plain_vectors = _to_vectors(self._plain)
        self._enlarged_vectors = _to_vectors(self._enlarged)

    def blocks(self) -> list[slice]:
        """Return parts of the rows that are compared at once with all behind them."""
        count = len(self._plain)
        return [slice(at, min(at + _BLOCK_ROWS, count)) for at in range(0, count, _BLOCK_ROWS)]

    def find_candidates(self, block: slice) -> NDArray[np.void]:
        """Return which rows of the block may be the same as which behind them, by magnitudes alone.

        Args:
            block: One of `blocks`.
        """
        plain, enlarged = self._plain_vectors, self._enlarged_vectors
        found = []
        for one, other, is_enlarged, is_swapped in (
            (plain, plain, False, False),
            (plain, enlarged, True, False),
            (enlarged, plain, True, True),
        ):
            tiles = [
                _compare(one, other, block, slice(at, at + _TILE_COLUMNS))
                for at in range(block.start, len(self._plain), _TILE_COLUMNS)
            ]
            part = _best_of_each_row(np.concatenate(tiles))
            part["is_enlarged"] = is_enlarged
            if is_swapped:  # the one that is enlarged is the other
                part["one"], part["other"] = part["other"].copy(), part["one"].copy()
            found.append(part)
        return np.concatenate(found)

    def place(self, candidates: NDArray[np.void]) -> list[Candidate]:
        """Return those of the candidates that correlate at some shift, with that shift.

        Args:
            candidates: As `find_candidates` returns them.
        """
        one, other = self._plain[candidates["one"]], self._plain[candidates["other"]]
        is_enlarged, is_mirrored = candidates["is_enlarged"], candidates["is_mirrored"]
        other[is_enlarged] = self._enlarged[candidates["other"][is_enlarged]]
        other[is_mirrored] = _mirror(other[is_mirrored])
        weights = _band_weights()
        energy = np.sqrt(_energy(one, weights) * _energy(other, weights))
        surfaces = _correlate(one * other.conj() * weights).reshape(len(candidates), -1)
        peaks = surfaces.argmax(axis=1)
        is_placed = surfaces[np.arange(len(candidates)), peaks] >= _LEAST_BY_SHIFT * np.maximum(energy, 1e-6)
        down, across = np.divmod(peaks, 2 * LARGEST_SHIFT + 1)
        return [
            Candidate(
                int(candidates["one"][at]),
                int(candidates["other"][at]),
                bool(is_mirrored[at]),
                ENLARGED if is_enlarged[at] else 1.0,
                (int(down[at]) - LARGEST_SHIFT, int(across[at]) - LARGEST_SHIFT),
            )
            for at in np.flatnonzero(is_placed).tolist()
        ]


def _compare(one: _Vectors, other: _Vectors, rows: slice, columns: slice) -> NDArray[np.void]:
    """Return the pairs of a row and a column behind it that are alike, as they are or mirrored."""
    even, odd = one.even[rows] @ other.even[columns].T, one.odd[rows] @ other.odd[columns].T
    parts = []
    for is_mirrored, products in ((False, even + odd), (True, even - odd)):
        row, column = np.divmod(np.flatnonzero(products.ravel() > _LEAST_SPECTRAL), products.shape[1])
        is_behind = column + columns.start > row + rows.start
        row, column = row[is_behind], column[is_behind]
        part = np.empty(len(row), _CANDIDATE)
        part["one"], part["other"] = row + rows.start, column + columns.start
        part["is_mirrored"], part["score"] = is_mirrored, products[row, column]
        parts.append(part)
    return np.concatenate(parts)


def _best_of_each_row(candidates: NDArray[np.void]) -> NDArray[np.void]:
    """Return each row's best; a row that resembles thousands, as in a set of film frames, would fill the memory."""
    ordered = candidates[np.lexsort((-candidates["score"], candidates["one"]))]
    place_in_row = np.arange(len(ordered)) - np.searchsorted(ordered["one"], ordered["one"])
    return ordered[place_in_row < _MOST_CANDIDATES_A_ROW]


def drop_repeated(parts: list[NDArray[np.void]]) -> NDArray[np.void]:
    """Return each pair once as plain and once as mirrored, enlarged or not as fits best."""
    candidates = np.concatenate(parts) if parts else np.empty(0, _CANDIDATE)
    low = np.minimum(candidates["one"], candidates["other"])
    high = np.maximum(candidates["one"], candidates["other"])
    order = np.lexsort((-candidates["score"], candidates["is_mirrored"], high, low))
    keys = np.stack([low, high, candidates["is_mirrored"]], axis=1)[order]
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = (keys[1:] != keys[:-1]).any(axis=1)
    return candidates[order[is_new]]


def _enlarge(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    middle = (SIDE - 1) / 2
    turn = cv2.getRotationMatrix2D((middle, middle), 0, ENLARGED)
    enlarged = np.empty_like(pictures)
    for at, picture in enumerate(pictures):
        cv2.warpAffine(picture, turn, (SIDE, SIDE), dst=enlarged[at], flags=cv2.INTER_LINEAR)
    return enlarged


def _transform(pictures: NDArray[np.uint8]) -> NDArray[np.complex64]:
    """Return the low frequencies of the windowed pictures, shape ``(N, 21, 11)``."""
    down, across = _waves()
    spectra = np.empty((len(pictures), len(down), len(across)), np.complex64)
    window = _window()
    for at in range(0, len(pictures), 4096):
        block = pictures[at : at + 4096].astype(np.float32)
        block -= np.einsum("nyx,yx->n", block, window)[:, None, None] / window.sum()
        half = (block * window).reshape(-1, SIDE) @ across.T
        whole = half.reshape(-1, SIDE, len(across)).transpose(0, 2, 1).reshape(-1, SIDE) @ down.T
        spectra[at : at + 4096] = whole.reshape(-1, len(across), len(down)).transpose(0, 2, 1)
    return spectra


@lru_cache
def _window() -> NDArray[np.float32]:
    edge = np.hanning(SIDE + 2)[1:-1]
    return np.outer(edge, edge).astype(np.float32)


@lru_cache
def _waves() -> tuple[NDArray[np.complex64], NDArray[np.complex64]]:
    """Return the waves down, frequencies -10 to 10, and across, 0 to 10; the rest follows by symmetry."""
    places = np.arange(SIDE)
    down = np.arange(-_FREQUENCIES, _FREQUENCIES + 1)
    across = np.arange(_FREQUENCIES + 1)
    turn = -2j * np.pi / SIDE
    return (
        np.exp(turn * np.outer(down, places)).astype(np.complex64),
        np.exp(turn * np.outer(across, places)).astype(np.complex64),
    )


@lru_cache
def _radii() -> NDArray[np.float64]:
    down = np.arange(-_FREQUENCIES, _FREQUENCIES + 1)
    return np.hypot(*np.meshgrid(down, np.arange(_FREQUENCIES + 1), indexing="ij"))


@lru_cache
def _band_weights() -> NDArray[np.float32]:
    """Return the power that a difference of two blurs, of 1 and of 3 pixels, leaves to each frequency."""
    scale = -2 * (np.pi * _radii() / SIDE) ** 2
    weights = (np.exp(scale * 1.0**2) - np.exp(scale * 3.0**2)) ** 2
    weights[:, 1:] *= 2  # the other half of the plane
    return weights.astype(np.float32)


def _to_vectors(spectra: NDArray[np.complex64]) -> _Vectors:
    middle = _FREQUENCIES
    is_used = (_radii() > 0) & (_radii() <= _SPECTRAL_FREQUENCIES)
    is_used[:middle, 0] = False  # twins of those below
    vectors = np.sqrt(np.abs(spectra[:, is_used]))
    # What all pictures have in common, less power at higher frequencies, is taken out.
    trend = np.stack([np.ones(is_used.sum()), np.log(_radii()[is_used])], axis=1)
    common = np.linalg.qr(trend)[0].astype(np.float32)
    vectors -= (vectors @ common) @ common.T
    vectors /= np.maximum(np.sqrt(np.einsum("nk,nk->n", vectors, vectors)), 1e-6)[:, None]
    plane = np.zeros((len(vectors), *is_used.shape), np.float32)
    plane[:, is_used] = vectors
    upper, lower = plane[:, :middle, 1:][:, ::-1], plane[:, middle + 1 :, 1:]
    alone = np.concatenate([plane[:, middle], plane[:, middle + 1 :, 0]], axis=1)
    is_pair, is_alone = is_used[middle + 1 :, 1:], np.concatenate([is_used[middle], is_used[middle + 1 :, 0]])
    half = np.float32(np.sqrt(0.5))
    return _Vectors(
        even=np.concatenate([alone[:, is_alone], (half * (lower + upper))[:, is_pair]], axis=1),
        odd=(half * (lower - upper))[:, is_pair],
    )


def _mirror(spectra: NDArray[np.complex64]) -> NDArray[np.complex64]:
    """Return the spectra of the pictures mirrored left to right."""
    across = np.exp(2j * np.pi * np.arange(_FREQUENCIES + 1) / SIDE).astype(np.complex64)
    mirrored: NDArray[np.complex64] = spectra[:, ::-1].conj() * across
    return mirrored


def _energy(spectra: NDArray[np.complex64], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    energy: NDArray[np.float32] = np.einsum("nyx,yx->n", np.abs(spectra) ** 2, weights)
    return energy


def _correlate(products: NDArray[np.complex64]) -> NDArray[np.float32]:
    """Return the correlation at each shift down and across, shape ``(P, 17, 17)``."""
    places = np.arange(-LARGEST_SHIFT, LARGEST_SHIFT + 1)
    turn = 2j * np.pi / SIDE
    down = np.exp(turn * np.outer(np.arange(-_FREQUENCIES, _FREQUENCIES + 1), places)).astype(np.complex64)
    across = np.exp(turn * np.outer(np.arange(_FREQUENCIES + 1), places)).astype(np.complex64)
    half = products.transpose(0, 2, 1).reshape(-1, len(down)) @ down
    half = half.reshape(len(products), len(across), -1).transpose(0, 2, 1).reshape(-1, len(across))
    surfaces: NDArray[np.float32] = half.real @ across.real - half.imag @ across.imag
    return surfaces.reshape(len(products), len(places), len(places))
