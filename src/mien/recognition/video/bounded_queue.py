"""A queue with room for so many, between the threads that read, work and write."""

from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

Item = TypeVar("Item")


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
