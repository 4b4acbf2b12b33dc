import numpy as np
import pytest

from mien.evaluation.robustness import corrupt_faces


@pytest.mark.parametrize(
    ("name", "strength", "first", "after"),
    [
        ("covered_eyes", 100, 25, 49),
        ("covered_eyes", 50, 31, 43),
        ("covered_mouth", 100, 67, 91),
        ("covered_mouth", 50, 73, 85),
    ],
)
def test_the_bar_lies_over_its_rows(name: str, strength: float, first: int, after: int) -> None:
    covered = corrupt_faces(np.zeros((1, 100, 60, 3), np.uint8), name, strength)[0]
    assert (covered[first:after] == 128).all()
    assert np.count_nonzero(covered) == (after - first) * 60 * 3
