"""A stream read ahead by a thread of its own, a bounded part of it."""

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from queue import Empty
from types import TracebackType
from typing import Generic, Self, TypeVar

from mien.recognition.video.bounded_queue import BoundedQueue

_POLL_S = 0.1

Item = TypeVar("Item")


@dataclass(frozen=True)
class _End:
    """The last that comes through the queue: why the stream ended, if it was by a fault."""

    fault: BaseException | None = None


class Prefetcher(Generic[Item]):
    """Iterates a stream once while a thread prepares what comes next; a context manager that ends the thread.

    What the stream raises is raised here, in its place.

    Args:
        stream: What to iterate; only the thread touches it.
        size: Items that wait at most.
        on_close: Called by the thread when it is done with the stream, as a rule to close a file.
    """

    def __init__(self, stream: Iterable[Item], *, size: int, on_close: Callable[[], None] = lambda: None) -> None:
        self._queue: BoundedQueue[Item | _End] = BoundedQueue(size)
        self._is_stopped = False
        self._thread = threading.Thread(target=self._run, args=(stream, on_close), name="mien-prefetch", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Item]:
        """Yield the items in their order; nothing after the end, and nothing once it is closed."""
        while not self._is_stopped:
            try:
                entry = self._queue.get(timeout_s=_POLL_S)
            except Empty:
                continue
            if not isinstance(entry, _End):
                yield entry
                continue
            self._is_stopped = True
            if entry.fault is not None:
                raise entry.fault

    def close(self) -> None:
        """Stop the thread and wait for it; what it read ahead is dropped. It may be called twice."""
        self._is_stopped = True
        self._thread.join()

    def _run(self, stream: Iterable[Item], on_close: Callable[[], None]) -> None:
        end = _End()
        try:
            for item in stream:
                if not self._put(item):
                    return
        except BaseException as error:
            end = _End(error)
        finally:
            on_close()
        self._put(end)

    def _put(self, entry: Item | _End) -> bool:
        """Wait for room, and return whether there was any before the end was called."""
        while not self._is_stopped:
            if self._queue.offer(entry, timeout_s=_POLL_S):
                return True
        return False
