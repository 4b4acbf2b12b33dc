from pathlib import Path

import pytest

from mien.benchmarks.audit_speed import measure_audit
from mien.errors import DataError


def test_the_audit_is_measured_in_a_process_of_its_own(fer2013_csv: Path) -> None:
    seconds, peak = measure_audit(fer2013_csv)
    assert "(140 rows) on 2 cores" in seconds.name
    assert 0 < seconds.value < 30
    assert (seconds.bound, seconds.unit) == (30, "s")
    assert 10 < peak.value < 2000
    assert (peak.bound, peak.unit) == (2000, "MB")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.csv: the audit failed: .*does not exist"):
        measure_audit(tmp_path / "nowhere.csv")
