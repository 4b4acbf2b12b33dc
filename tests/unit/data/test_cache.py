import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.data import cache, read_dataset
from mien.data.cache import describe_file, read_through_cache
from mien.data.face_set import FaceSet
from mien.places import cache_folder


@pytest.fixture
def reads(fer2013_csv: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts how often the CSV is really read."""
    from mien.data.datasets import fer2013

    counter: list[int] = []
    read = fer2013._read_csv

    def counting(file: Path) -> FaceSet:
        counter.append(1)
        return read(file)

    monkeypatch.setattr(fer2013, "_read_csv", counting)
    return counter


def entry_folder() -> Path:
    (entry,) = (cache_folder() / "datasets").iterdir()
    return entry


def test_second_read_comes_from_the_cache_and_is_the_same(fer2013_csv: Path, reads: list[int]) -> None:
    first, second = read_dataset("fer2013", fer2013_csv), read_dataset("fer2013", fer2013_csv)
    assert len(reads) == 1
    assert isinstance(second.faces, np.memmap)
    assert first.fingerprint == second.fingerprint
    assert first.row_ids.tolist() == second.row_ids.tolist()
    assert first.history == second.history


@pytest.mark.parametrize("name", ["faces.npy", "rows.npz", "set.json"])
@pytest.mark.parametrize("damage", ["cut", "flip", "gone"])
def test_a_damaged_cache_is_rebuilt(fer2013_csv: Path, reads: list[int], name: str, damage: str) -> None:
    intact = read_dataset("fer2013", fer2013_csv)
    fingerprint, labels = intact.fingerprint, intact.labels.tolist()
    del intact
    file = entry_folder() / name
    content = bytearray(file.read_bytes())
    if damage == "cut":
        file.write_bytes(content[: len(content) // 2])
    elif damage == "flip":
        middle = len(content) // 2
        content[middle] ^= 0xFF
        file.write_bytes(content)
    else:
        file.unlink()
    again = read_dataset("fer2013", fer2013_csv)
    assert (again.fingerprint, again.labels.tolist()) == (fingerprint, labels)
    assert len(reads) == 2
    read_dataset("fer2013", fer2013_csv)
    assert len(reads) == 2


def test_a_changed_file_is_read_anew(fer2013_csv: Path, reads: list[int]) -> None:
    read_dataset("fer2013", fer2013_csv)
    text = fer2013_csv.read_text()
    fer2013_csv.write_text(text.replace("\n0,", "\n1,", 1))
    assert read_dataset("fer2013", fer2013_csv).labels[0] == 1
    assert len(reads) == 2


def test_describe_file_sees_the_edges_even_if_size_and_time_are_equal(tmp_path: Path) -> None:
    file = tmp_path / "some.bin"
    file.write_bytes(b"a" * 3_000_000)
    os.utime(file, ns=(1, 1))
    before = describe_file(file)
    file.write_bytes(b"a" * 2_999_999 + b"b")
    os.utime(file, ns=(1, 1))
    assert describe_file(file) != before


def test_a_cache_that_cannot_be_written_costs_only_time(
    fer2013_csv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("MIEN_CACHE", str(blocked))
    assert len(read_dataset("fer2013", fer2013_csv)) == 140


def test_a_full_disk_leaves_no_half_entry(fer2013_csv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache.np, "savez", full)
    assert len(read_dataset("fer2013", fer2013_csv)) == 140
    assert list((cache_folder() / "datasets").iterdir()) == []


def test_read_through_cache_lets_faults_of_the_reader_out() -> None:
    def broken() -> FaceSet:
        raise RuntimeError("no luck")

    with pytest.raises(RuntimeError, match="no luck"):
        read_through_cache("anything", broken)


def test_columns_survive_the_cache(fer2013_csv: Path) -> None:
    face_set = read_dataset("fer2013", fer2013_csv)
    subjects = np.array([f"s{row % 3}" for row in range(len(face_set))])
    read_through_cache("with subjects", lambda: replace(face_set, columns={"subject": subjects}))
    again = read_through_cache("with subjects", lambda: pytest.fail("read again"))
    assert again.subjects.tolist() == subjects.tolist()
