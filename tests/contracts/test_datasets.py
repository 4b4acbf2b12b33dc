"""The contract of every data set in the registry, on a small fixture in its real layout."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mien.data import DATASETS, read_dataset
from mien.data.face_set import SPLITS
from tests.conftest import make_rows, write_csv

FIXTURES = {"fer2013": lambda folder: write_csv(folder / "fer2013.csv", *make_rows(70))}
NAMES = DATASETS.names()


def test_the_registry_is_covered_whole(say_covered: Callable[[str], None]) -> None:
    say_covered(f"data set contracts cover {len(FIXTURES)} of {len(DATASETS)} entries: {', '.join(NAMES)}")
    assert set(FIXTURES) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_reading_is_deterministic_and_keeps_splits_apart(name: str, tmp_path: Path) -> None:
    path = FIXTURES[name](tmp_path)
    first, second = read_dataset(name, path), read_dataset(name, path)
    assert first.fingerprint == second.fingerprint
    ids = [set(first.row_ids[first.splits == split]) for split in SPLITS]
    assert sum(map(len, ids)) == len(first) == len(set.union(*ids))
    np.testing.assert_array_equal(first.labels, second.labels)
