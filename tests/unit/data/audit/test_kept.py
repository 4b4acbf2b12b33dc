import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.data import FaceSet
from mien.data.audit import Findings, kept
from mien.data.audit.kept import audit_once
from mien.errors import DataError
from mien.places import cache_folder
from tests.unit.data.audit.scenes import make_scenes, make_set, write_files


@pytest.fixture
def face_set() -> FaceSet:
    """Six rows, the last a copy of the first in test."""
    scenes = make_scenes(5, seed=8)
    pictures = np.stack([*scenes, scenes[0]])
    columns = {"subject": np.array(["a", "b", "c", "d", "e", "a"])}
    return make_set(pictures, labels=[0, 1, 0, 1, 0, 1], splits=["training"] * 5 + ["test"], columns=columns)


@pytest.fixture
def audits(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The detectors of each audit that is really made."""
    made: list[tuple[str, ...]] = []
    audit = kept.audit

    def counting(face_set: FaceSet, *, detectors: tuple[str, ...] = (), **rest: object) -> Findings:
        made.append(tuple(detectors))
        return audit(face_set, detectors=detectors, **rest)

    monkeypatch.setattr(kept, "audit", counting)
    return made


def entry_file() -> Path:
    (entry,) = (cache_folder() / "findings").iterdir()
    return entry


def test_the_second_audit_comes_from_the_cache_and_is_the_same(face_set: FaceSet, audits: list) -> None:
    first, second = (audit_once(face_set, detectors=["haar_alt_48"]) for _ in range(2))
    assert audits == [("haar_alt_48",)]
    assert list(second.to_columns()) == list(first.to_columns())
    for name, column in first.to_columns().items():
        np.testing.assert_array_equal(second.to_columns()[name], column, err_msg=name)
        assert second.to_columns()[name].dtype == column.dtype, name
    assert second.facts_as_json() == first.facts_as_json()
    assert second.has_copy_in_other_split.tolist() == [True, False, False, False, False, True]


@pytest.mark.parametrize(
    "change",
    [
        lambda made: replace(made, pictures=255 - made.faces),
        lambda made: replace(made, labels=1 - made.labels),
        lambda made: replace(made, splits=made.splits[::-1].copy()),
        lambda made: replace(made, row_ids=np.array([f"x:{row}" for row in range(6)])),
        lambda made: replace(made, columns={"subject": made.columns["subject"][::-1].copy()}),
        lambda made: replace(made, columns={"person": made.columns["subject"]}),
        lambda made: replace(made, votes=np.ones((6, 1), np.int64), vote_names=("not_a_face",)),
        lambda made: replace(made, origins=made.row_ids),
        lambda made: replace(made, history=("made up", "twice")),
        lambda made: made.select(np.arange(5)),
    ],
    ids=["pictures", "labels", "splits", "ids", "subjects", "column name", "votes", "origins", "history", "part"],
)
def test_a_changed_set_is_audited_again(face_set: FaceSet, audits: list, change: Callable[[FaceSet], FaceSet]) -> None:
    audit_once(face_set)
    audit_once(change(face_set))
    assert len(audits) == 2


def test_a_changed_file_is_audited_again(tmp_path: Path, audits: list) -> None:
    scenes = make_scenes(3)
    audit_once(make_set(write_files(tmp_path, scenes)))
    files = write_files(tmp_path, scenes)
    audit_once(make_set(files))
    assert len(audits) == 1
    files.files[1].write_bytes(b"nothing")
    assert audit_once(make_set(files)).is_readable.tolist() == [True, False, True]
    assert len(audits) == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [("AUDIT_FORMAT", 0), ("LEAST_SIMILARITY", 0.5), ("NEAR_BLANK_CONTRAST", 1.0), ("REACH", 3.0)],
)
def test_other_code_or_thresholds_audit_again(
    face_set: FaceSet, audits: list, monkeypatch: pytest.MonkeyPatch, name: str, value: float
) -> None:
    audit_once(face_set)
    monkeypatch.setattr(kept, name, value)
    audit_once(face_set)
    assert len(audits) == 2


def test_other_detectors_audit_again(face_set: FaceSet, audits: list) -> None:
    for detectors in ([], ["haar_alt_48"], ["haar"], ["haar_alt_48"]):
        assert list(audit_once(face_set, detectors=detectors).has_face) == detectors
    assert audits == [(), ("haar_alt_48",), ("haar",)]


@pytest.mark.parametrize("damage", ["cut", "flip", "gone", "other", "short"])
def test_a_damaged_entry_is_made_anew(face_set: FaceSet, audits: list, damage: str) -> None:
    intact = audit_once(face_set)
    entry = entry_file()
    content = bytearray(entry.read_bytes())
    if damage == "cut":
        entry.write_bytes(content[: len(content) // 2])
    elif damage == "flip":
        content[len(content) // 2] ^= 0xFF
        entry.write_bytes(content)
    elif damage == "gone":
        entry.unlink()
    elif damage == "other":
        np.savez(entry, labels=np.arange(6))
    else:
        part = {name: column[:5] for name, column in intact.to_columns().items()}
        np.savez(entry, **{kept._FACTS: np.array(intact.facts_as_json())}, **part)
    assert audit_once(face_set).near_kind.tolist() == intact.near_kind.tolist()
    assert len(audits) == 2
    audit_once(face_set)
    assert len(audits) == 2


def test_a_cache_that_cannot_be_written_costs_only_time(
    face_set: FaceSet, audits: list, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "file"))
    assert len(audit_once(face_set)) == len(audit_once(face_set)) == 6
    assert len(audits) == 2


def test_a_full_disk_leaves_no_half_entry(face_set: FaceSet, monkeypatch: pytest.MonkeyPatch) -> None:
    def write_half(file: Path, **_: object) -> None:
        file.write_bytes(b"PK")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept.np, "savez_compressed", write_half)
    assert len(audit_once(face_set)) == 6
    assert not list((cache_folder() / "findings").iterdir())


def test_neither_pyarrow_nor_pandas_is_asked_for(face_set: FaceSet, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("pyarrow", "pandas"):
        monkeypatch.setitem(sys.modules, module, None)
    assert audit_once(face_set).fingerprint == audit_once(face_set).fingerprint
    assert entry_file().is_file()


def test_faults_of_the_audit_are_raised(face_set: FaceSet) -> None:
    with pytest.raises(DataError, match="no search for faces is called 'harr'; did you mean 'haar'"):
        audit_once(face_set, detectors=["harr"])


def test_progress_is_told_only_while_auditing(face_set: FaceSet) -> None:
    told: list[str] = []
    for _ in range(2):
        audit_once(face_set, progress=lambda what, done: told.append(what))
    assert told.count("pictures looked at") == 6
