import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.data import cache, read_dataset
from mien.data.cache import describe_file, describe_rows, read_through_cache
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


def store(name: str, face_set: FaceSet) -> None:
    """Put a set into the cache a second after all that is in it, as a file system's clock may tick slowly."""
    for entry in (cache_folder() / "datasets").glob("*"):
        os.utime(entry, ns=(entry.stat().st_mtime_ns - 10**9,) * 2)
    read_through_cache(name, lambda: face_set)


def is_kept(name: str) -> bool:
    def missing() -> FaceSet:
        raise LookupError

    try:
        read_through_cache(name, missing)
    except LookupError:
        return False
    return True


@pytest.fixture
def small_set(fer2013_csv: Path) -> FaceSet:
    """Twenty faces, whose entry takes about 50,000 bytes; nothing else is in the cache."""
    face_set = replace(read_dataset("fer2013", fer2013_csv).select(np.arange(20)), name="small")
    shutil.rmtree(cache_folder() / "datasets")
    return face_set


def test_storing_removes_the_entries_that_were_not_used_for_longest(
    small_set: FaceSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("first", "second", "third"):
        store(name, small_set)
    assert is_kept("first")  # which makes it the one used last
    monkeypatch.setattr(cache, "MOST_BYTES", 120_000)
    store("fourth", small_set)
    assert [is_kept(name) for name in ("first", "second", "third", "fourth")] == [True, False, False, True]


def test_nothing_is_removed_below_the_bound(small_set: FaceSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST_BYTES", 250_000)
    for name in ("first", "second", "third", "fourth"):
        store(name, small_set)
    assert len(list((cache_folder() / "datasets").iterdir())) == 4


def test_an_entry_larger_than_the_bound_is_kept_alone(small_set: FaceSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST_BYTES", 1)
    store("first", small_set)
    assert is_kept("first")
    store("second", small_set)
    assert is_kept("second")
    assert len(list((cache_folder() / "datasets").iterdir())) == 1


def test_what_another_process_is_writing_is_left_alone(small_set: FaceSet, monkeypatch: pytest.MonkeyPatch) -> None:
    half = cache_folder() / "datasets" / "tmp123" / "entry"
    half.mkdir(parents=True)
    (half / "set.json").write_text("{}")
    monkeypatch.setattr(cache, "MOST_BYTES", 1)
    store("first", small_set)
    assert half.is_dir()


@pytest.mark.parametrize(
    "change",
    [
        lambda made: replace(made, labels=made.labels[::-1].copy()),
        lambda made: replace(made, columns={"b": made.row_ids}),
        lambda made: replace(made, columns={"a": made.origins}),
        lambda made: replace(made, is_leaky=True),
        lambda made: replace(made, votes=np.ones((20, 1), np.int64), vote_names=("happy",)),
    ],
    ids=["labels", "column name", "column", "leaky", "votes"],
)
def test_describe_rows_sees_each_change(small_set: FaceSet, change: Callable[[FaceSet], FaceSet]) -> None:
    small_set = replace(small_set, columns={"a": small_set.row_ids})
    assert describe_rows(small_set) == describe_rows(replace(small_set, pictures=255 - small_set.faces))
    assert describe_rows(change(small_set)) != describe_rows(small_set)
