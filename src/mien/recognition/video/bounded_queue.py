"""A queue with room for so many, between the threads that read, work and write."""

from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

Item = TypeVar("Item")

WAITING_BYTES = 32_000_000
"""Pixels of frames that wait in one place at most, in bytes; but for one frame, which may be larger."""


def fit_frames(size_hw: tuple[int, int], *, most: int) -> int:
    """Return how many frames of a size may wait in one place: fewer of large ones, at least one.

    Args:
        size_hw: Height and width of the frames in pixels.
        most: Not more than so many.

    Example:
        >>> [fit_frames(size_hw, most=8) for size_hw in ((480, 640), (1080, 1920), (2160, 3840))]
        [8, 5, 1]
    """
    return max(1, min(most, WAITING_BYTES // (3 * size_hw[0] * size_hw[1])))


class BoundedQueue(Generic[Item]):
    """A queue that an interrupt never leaves locked.

    An interrupt inside of Python's ``queue.Queue`` may leave its lock taken, and whoever comes next waits for ever.

    Args:
        size: Items that wait at most.
    """

    def __init__(self, size: int) -> None:
        self._items: SimpleQueue[Item] = SimpleQueue()
        self._places: SimpleQueue[None] = SimpleQueue()
        for _ in range(size):
            self._places.put(None)

    def offer(self, item: Item, *, timeout_s: float) -> bool:
        """Put an item, and return whether there was room in time.

        Args:
            item: What to put.
            timeout_s: Longest time to wait for room, in seconds.
        """
        try:
            self._places.get(timeout=timeout_s)
        except Empty:
            return False
        self._items.put(item)
        return True

    def put_first(self, item: Item) -> None:
        """Drop all that waits, and put an item in its place without waiting.

        Args:
            item: What to put.
        """
        with suppress(Empty):
            while True:
                self._items.get_nowait()
        self._items.put(item)

    def get(self, *, timeout_s: float | None = None) -> Item:
        """Return the next item.

        Args:
            timeout_s: Longest time to wait for one, in seconds; none: as long as it takes.

        Raises:
            Empty: If none came in time.
        """
        item = self._items.get(timeout=timeout_s)
        self._places.put(None)
        return item
