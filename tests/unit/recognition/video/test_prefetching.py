import threading
import time
from collections.abc import Iterator

import pytest

from mien.recognition.video.prefetching import Prefetcher


def is_running() -> bool:
    return any(thread.name == "mien-prefetch" for thread in threading.enumerate())


def test_prefetcher_gives_the_items_in_their_order_and_then_nothing() -> None:
    with Prefetcher(range(50), size=3) as items:
        assert list(items) == list(range(50))
        assert list(items) == []
    assert not is_running()


def test_prefetcher_reads_ahead_so_many_items_and_no_more() -> None:
    taken: list[int] = []

    def count() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    with Prefetcher(count(), size=3) as items:
        stream = iter(items)
        assert next(stream) == 0
        time.sleep(0.3)
        assert taken == [0, 1, 2, 3, 4]  # one is out, three wait, one wants to
    assert not is_running()


def test_prefetcher_raises_what_the_stream_raises_after_what_came_before() -> None:
    def fail() -> Iterator[int]:
        yield 1
        raise ValueError("a defect")

    seen = []

    def consume() -> None:
        with Prefetcher(fail(), size=3) as items:
            for item in items:
                seen.append(item)

    with pytest.raises(ValueError, match="a defect"):
        consume()
    assert seen == [1]
    assert not is_running()


def test_prefetcher_ends_its_thread_when_the_consumer_stops_or_fails() -> None:
    closed_by: list[str] = []

    def consume() -> None:
        with Prefetcher(
            iter(int, 1), size=3, on_close=lambda: closed_by.append(threading.current_thread().name)
        ) as items:
            for _ in items:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        consume()
    assert not is_running()
    assert closed_by == ["mien-prefetch"]


def test_prefetcher_closes_before_the_end_is_told() -> None:
    closed: list[bool] = []
    with Prefetcher(range(3), size=8, on_close=lambda: closed.append(True)) as items:
        assert list(items) == [0, 1, 2]
        assert closed == [True]


def test_prefetcher_gives_nothing_once_it_is_closed() -> None:
    items = Prefetcher(iter(int, 1), size=3)
    stream = iter(items)
    next(stream)
    items.close()
    items.close()
    assert list(stream) == []
