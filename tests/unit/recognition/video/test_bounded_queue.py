import threading
import time
from queue import Empty

import pytest

from mien.recognition.video.bounded_queue import BoundedQueue, fit_frames


def test_items_come_in_their_order() -> None:
    queue = BoundedQueue[int](3)
    assert [queue.offer(number, timeout_s=0.0) for number in range(3)] == [True] * 3
    assert [queue.get() for _ in range(3)] == [0, 1, 2]


def test_there_is_room_for_so_many_and_again_once_one_is_taken() -> None:
    queue = BoundedQueue[int](2)
    assert [queue.offer(number, timeout_s=0.01) for number in range(3)] == [True, True, False]
    assert queue.get() == 0
    assert queue.offer(3, timeout_s=0.0)
    assert [queue.get(), queue.get()] == [1, 3]


def test_offering_waits_for_room() -> None:
    queue = BoundedQueue[int](1)
    queue.offer(1, timeout_s=0.0)
    threading.Timer(0.05, queue.get).start()
    assert queue.offer(2, timeout_s=10.0)


def test_nothing_comes_in_time() -> None:
    started = time.monotonic()
    with pytest.raises(Empty):
        BoundedQueue[int](1).get(timeout_s=0.05)
    assert time.monotonic() - started < 5


def test_put_first_drops_what_waits_and_needs_no_room() -> None:
    queue = BoundedQueue[str](2)
    queue.offer("a", timeout_s=0.0)
    queue.offer("b", timeout_s=0.0)
    queue.put_first("last")
    assert queue.get() == "last"
    with pytest.raises(Empty):
        queue.get(timeout_s=0.0)


def test_a_frame_that_is_larger_than_all_room_waits_alone() -> None:
    assert fit_frames((4320, 7680), most=8) == 1
    assert fit_frames((1, 1), most=3) == 3
