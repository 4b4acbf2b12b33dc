from pathlib import Path

import pytest

from mien.data import DATASETS, read_dataset
from mien.errors import DataError, MienError


def test_read_dataset_reads_by_name(fer2013_csv: Path) -> None:
    assert len(read_dataset("fer2013", fer2013_csv)) == 140


def test_read_dataset_takes_the_usual_place(fer2013_csv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_FER2013", str(fer2013_csv))
    assert len(read_dataset("fer2013")) == 140


def test_read_dataset_suggests_a_name() -> None:
    with pytest.raises(MienError, match="unknown data set 'fer2031'; did you mean 'fer2013'"):
        read_dataset("fer2031")


def test_read_dataset_says_where_it_looked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MIEN_FER2013", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match=r"MIEN_FER2013 names .*nowhere, which does not exist"):
        read_dataset("fer2013")
    monkeypatch.delenv("MIEN_FER2013")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="MIEN_FER2013 is not set; name the CSV file or folder"):
        read_dataset("fer2013")


def test_every_data_set_has_a_card() -> None:
    assert all(entry.card.source and entry.card.license and entry.card.num_images for entry in DATASETS)
