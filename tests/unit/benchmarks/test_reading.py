from pathlib import Path

import pytest

from mien.benchmarks.reading import measure_reading
from mien.errors import DataError


def test_reading_is_measured_in_a_process_of_its_own(fer2013_csv: Path) -> None:
    first, cached, peak = measure_reading(fer2013_csv)
    assert "(140 rows)" in first.name
    assert 0 < cached.value < 5
    assert 10 < peak.value < 1000


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.csv: reading failed: .*does not exist"):
        measure_reading(tmp_path / "nowhere.csv")
