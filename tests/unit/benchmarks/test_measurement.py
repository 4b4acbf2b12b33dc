import pytest

from mien.benchmarks.measurement import Measurement


@pytest.mark.parametrize(
    ("value", "bound", "is_upper", "verdict"),
    [
        (1.9, 2.0, True, "met"),
        (2.0, 2.0, True, "met"),
        (3.9, 2.0, True, "missed"),
        (4.0, 2.0, True, "missed by half"),
        (700, 600, False, "met"),
        (301, 600, False, "missed"),
        (300, 600, False, "missed by half"),
        (0, 600, False, "missed by half"),
    ],
)
def test_verdict(value: float, bound: float, is_upper: bool, verdict: str) -> None:
    assert Measurement("some", value, "s", bound, is_upper).verdict == verdict


def test_row_says_which_way_the_bound_holds() -> None:
    assert Measurement("speed", 640, "pictures/s", 600, is_upper=False).to_row() == [
        "speed", "640 pictures/s", "at least 600 pictures/s", "met",
    ]  # fmt: skip
