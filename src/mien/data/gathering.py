"""Running something over every picture of a set in threads, and gathering what comes out in one array.

Rows whose pictures cannot be read or prepared are counted, and refused or dropped in one place.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mien.data.face_set import FaceSet
from mien.data.pictures import PictureFiles
from mien.errors import DataError, PictureError

OnUnreadable = Literal["refuse", "drop"]
"""What happens to rows that cannot be read or prepared."""

BLOCK_ROWS = 64
_NUM_NAMED = 3


def prepare_rows(
    face_set: FaceSet,
    run: Callable[[NDArray[Any]], NDArray[Any]],
    *,
    finish: Callable[[list[NDArray[Any]]], list[NDArray[Any]]] = lambda faces: faces,
    on_unreadable: OnUnreadable = "refuse",
    say_done: Callable[[int], None] = lambda _: None,
) -> FaceSet:
    """Return a set in memory whose faces are what ``run`` makes of its pictures.

    Args:
        face_set: The faces, in memory or in files.
        run: From a picture ``(H, W)`` or ``(H, W, 3)`` to a face; it may raise ``PictureError``. Several threads call
            it.
        finish: From some faces that ``run`` gave to what they become, for what is faster by many than one by one.
        on_unreadable: ``refuse`` the set where rows cannot be read or prepared, or ``drop`` them and say so in its
            history.
        say_done: Is told how many rows went through, now and then.

    Raises:
        DataError: If faces come out in different sizes, rows fail and are not to be dropped, or no row is left.
    """
    gathered = _GatheredFaces(face_set)
    for rows, results in _run_in_blocks(face_set, run, finish):
        gathered.take(rows, results)
        say_done(rows[-1] + 1)
    return gathered.finish(on_unreadable)


class _GatheredFaces:
    """Collects prepared faces in one array, and the rows that gave none."""

    def __init__(self, face_set: FaceSet) -> None:
        self._face_set = face_set
        self._faces: NDArray[Any] | None = None
        self._faults: dict[int, PictureError] = {}
        self._sizes: Counter[tuple[int, ...]] = Counter()

    def take(self, rows: Sequence[int], results: Sequence[NDArray[Any] | PictureError]) -> None:
        """Take the results of some rows.

        Raises:
            DataError: If faces have different sizes by now.
        """
        for row, result in zip(rows, results, strict=True):
            if isinstance(result, PictureError):
                self._faults[row] = result
                continue
            self._sizes[result.shape] += 1
            if self._faces is None:
                self._faces = np.empty((len(self._face_set), *result.shape), dtype=result.dtype)
            if result.shape == self._faces.shape[1:]:
                self._faces[row] = result
        if len(self._sizes) > 1:
            sizes = ", ".join(f"{_size_text(size)} ({count:,})" for size, count in self._sizes.most_common(5))
            more = f" and {len(self._sizes) - 5} more sizes" if len(self._sizes) > 5 else ""
            raise DataError(
                f"{self._face_set.name}: pictures of different sizes remain: {sizes}{more} among the first "
                f"{rows[-1] + 1:,} rows; add a step such as resize:size_hw=[48,48]"
            )

    def finish(self, on_unreadable: OnUnreadable) -> FaceSet:
        """Return the set of the rows that gave a face.

        Raises:
            DataError: If rows gave none and are not to be dropped, or no row gave one.
        """
        if not len(self._face_set):
            raise DataError(f"{self._face_set.name} has no rows to prepare")
        kept = settle_faults(self._face_set, self._faults, on_unreadable)
        if self._faces is None:
            return kept
        return replace(kept, pictures=self._faces if not self._faults else np.delete(self._faces, [*self._faults], 0))


def settle_faults(face_set: FaceSet, faults: Mapping[int, PictureError], on_unreadable: OnUnreadable) -> FaceSet:
    """Return a set without the rows that could not be read or prepared, with a line in its history that counts them.

    Args:
        face_set: The set.
        faults: What went wrong, by row.
        on_unreadable: ``refuse`` or ``drop``.

    Raises:
        DataError: If there are faults and ``refuse`` is asked for, or no row is left.
    """
    if not faults:
        return face_set
    if on_unreadable == "refuse" or len(faults) == len(face_set):
        raise DataError(_describe_faults(face_set, faults))
    is_kept = np.ones(len(face_set), dtype=bool)
    is_kept[[*faults]] = False
    dropped = [f"{count:,} {split}" for split, count in face_set.select(~is_kept).split_counts().items() if count]
    by_status = Counter(fault.status.replace("_", " ") for fault in faults.values())
    reasons = ", ".join(f"{count:,} {status}" for status, count in by_status.most_common())
    rows = "1 row" if len(faults) == 1 else f"{len(faults):,} rows"
    return face_set.select(is_kept, f"{rows} dropped that could not be prepared ({reasons}): {', '.join(dropped)}")


def _describe_faults(face_set: FaceSet, faults: Mapping[int, PictureError]) -> str:
    named = [
        f"{face_set.row_ids[row]} ({' '.join(str(fault).split())})"
        for row, fault in sorted(faults.items())[:_NUM_NAMED]
    ]
    more = f"; and {len(faults) - len(named):,} more" if len(faults) > len(named) else ""
    advice = "mend or drop them (on_unreadable)" if len(faults) < len(face_set) else "there is nothing left to prepare"
    return (
        f"{face_set.name}: {len(faults):,} of {len(face_set):,} rows cannot be read or prepared: "
        f"{'; '.join(named)}{more}; {advice}"
    )


def _run_in_blocks(
    face_set: FaceSet,
    run: Callable[[NDArray[Any]], NDArray[Any]],
    finish: Callable[[list[NDArray[Any]]], list[NDArray[Any]]],
) -> Iterator[tuple[range, list[NDArray[Any] | PictureError]]]:
    """Yield rows and their results in order; threads read and prepare a few blocks ahead."""
    pictures = face_set.pictures

    def run_row(row: int) -> NDArray[Any] | PictureError:
        try:
            return run(pictures.read(row) if isinstance(pictures, PictureFiles) else pictures[row])
        except PictureError as fault:
            return fault

    def run_block(rows: range) -> list[NDArray[Any] | PictureError]:
        try:
            results = [run_row(row) for row in rows]
            faces = iter(finish([result for result in results if not isinstance(result, PictureError)]))
        except ValueError as fault:
            raise DataError(f"{face_set.row_ids[rows[0]]} to {face_set.row_ids[rows[-1]]}: {fault}") from None
        return [result if isinstance(result, PictureError) else next(faces) for result in results]

    blocks = (range(start, min(start + BLOCK_ROWS, len(face_set))) for start in range(0, len(face_set), BLOCK_ROWS))
    num_threads = min(8, os.cpu_count() or 1)
    with ThreadPoolExecutor(num_threads) as pool:
        waiting: list[tuple[range, Future[list[NDArray[Any] | PictureError]]]] = []
        try:
            for rows in islice(blocks, 2 * num_threads):
                waiting.append((rows, pool.submit(run_block, rows)))
            while waiting:
                rows, future = waiting.pop(0)
                yield rows, future.result()
                for following in islice(blocks, 1):
                    waiting.append((following, pool.submit(run_block, following)))
        finally:
            pool.shutdown(cancel_futures=True)


def _size_text(size: tuple[int, ...]) -> str:
    return "x".join(str(side) for side in (size[1], size[0], *size[2:]))
