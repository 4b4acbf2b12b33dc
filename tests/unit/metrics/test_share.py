import math

import pytest

from mien.metrics.intervals import wilson_interval
from mien.metrics.share import Share


def test_a_share_has_wilsons_interval() -> None:
    share = Share(3, 4)
    assert share.value == 0.75
    assert share.interval == pytest.approx(wilson_interval(3, 4))


def test_of_no_rows_there_is_no_share() -> None:
    assert math.isnan(Share(0, 0).value)
    assert all(math.isnan(end) for end in Share(0, 0).interval)
