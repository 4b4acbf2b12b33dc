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


def test_large_numbers_have_all_their_digits_before_the_point() -> None:
    row = Measurement("speed", 12_345.6, "pictures/s", 20_000, is_upper=False).to_row()
    assert row[1:3] == ["12,346 pictures/s", "at least 20,000 pictures/s"]


def test_what_was_not_measured_has_no_figure() -> None:
    measurement = Measurement("speed", None, "pictures/s", 600, is_upper=False)
    assert measurement.to_row() == ["speed", "", "at least 600 pictures/s", "not measured"]
