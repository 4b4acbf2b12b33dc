import time
import tracemalloc

import numpy as np
import pytest

from mien.recognition.tracking.association import overlap_boxes, pair_boxes


def boxes_at(*lefts: float) -> np.ndarray:
    return np.array([[left, 0, left + 10, 10] for left in lefts])


@pytest.mark.parametrize(
    ("other", "expected"),
    [([0, 0, 10, 10], 1), ([0, 5, 10, 15], 1 / 3), ([2, 2, 7, 7], 0.25), ([10, 0, 20, 10], 0), ([30, 30, 40, 40], 0)],
    ids=["same", "half", "inside", "touching", "apart"],
)
def test_overlap_boxes_by_hand(other: list[float], expected: float) -> None:
    assert overlap_boxes(np.array([[0, 0, 10, 10]]), np.array([other]))[0, 0] == pytest.approx(expected)


def test_pair_boxes_takes_the_best_pair_first() -> None:
    # The first face overlaps both detections, but the second detection is the second face's by far.
    assert pair_boxes(boxes_at(0, 4), boxes_at(-2, 4), lambda *_: 1.0) == {1: 1, 0: 0}


def test_pair_boxes_lets_looks_decide_between_like_places() -> None:
    likeness = {(0, 0): 0.1, (0, 1): 0.9, (1, 0): 0.9, (1, 1): 0.1}
    assert pair_boxes(boxes_at(0, 1), boxes_at(0, 1), lambda *pair: likeness[pair]) == {0: 1, 1: 0}


def test_pair_boxes_asks_only_for_boxes_that_overlap_and_obeys_a_no() -> None:
    asked = []
    pairs = pair_boxes(boxes_at(0, 50), boxes_at(1, 51, 100), lambda *pair: asked.append(pair))
    assert pairs == {}
    assert asked == [(0, 0), (1, 1)]


@pytest.mark.parametrize(("num_faces", "num_found"), [(0, 3), (3, 0), (0, 0)])
def test_pair_boxes_of_nothing(num_faces: int, num_found: int) -> None:
    nothing = np.empty((0, 4))
    faces, found = (boxes_at(*range(number)) if number else nothing for number in (num_faces, num_found))
    assert pair_boxes(faces, found, lambda *_: 1.0) == {}


def test_pair_boxes_of_thousands_that_all_overlap_stays_small() -> None:
    boxes = np.random.default_rng(0).uniform(0, 30, (3000, 1)) + np.array([[0, 0, 60, 60]])
    tracemalloc.start()
    start = time.process_time()
    pairs = pair_boxes(boxes, boxes, lambda face, found: float(face == found))
    seconds, peak = time.process_time() - start, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(pairs) > 2500
    assert peak < 100e6
    assert seconds < 20
