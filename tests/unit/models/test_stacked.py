import pytest

from mien.models.stacked import smallest_side_with_the_same_map


@pytest.mark.parametrize(("input_side", "expected"), [(40, 32), (47, 32), (48, 48), (16, 16)])
def test_smallest_side_ends_as_the_same_map(input_side: int, expected: int) -> None:
    assert smallest_side_with_the_same_map(input_side, lambda side: side // 16) == expected


def test_a_side_without_a_map_is_refused_with_the_smallest_that_works() -> None:
    with pytest.raises(ValueError, match="input_side is 15; 16 is the smallest that works"):
        smallest_side_with_the_same_map(15, lambda side: side // 16)
