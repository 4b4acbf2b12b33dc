import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.data import FaceSet
from mien.data.audit import Findings, audit
from mien.errors import DataError, MissingExtraError
from tests.unit.data.audit.scenes import make_scenes, make_set, shift


@pytest.fixture(scope="module")
def face_set() -> FaceSet:
    scenes = make_scenes(5, seed=3)
    pictures = np.stack([*scenes, scenes[0], shift(scenes[1], 2, 0), np.zeros_like(scenes[0])])
    splits = ["training"] * 4 + ["validation", "test", "test", "training"]
    columns = {"subject": np.array(["a", "b", "c", "d", "a", "", "", ""])}
    return make_set(pictures, labels=[0, 1, 0, 1, 0, 1, 1, 0], splits=splits, columns=columns)


@pytest.fixture(scope="module")
def findings(face_set: FaceSet) -> Findings:
    return audit(face_set)


def test_findings_come_back_from_their_file_as_they_were(findings: Findings, face_set: FaceSet, tmp_path: Path) -> None:
    seen = replace(findings, has_face={"haar": np.arange(8) % 2 == 0})
    loaded = Findings.load(seen.save(tmp_path / "deep" / "findings.parquet"))
    loaded.check(face_set)
    columns = loaded.to_columns()
    assert list(columns) == list(seen.to_columns())
    for name, column in seen.to_columns().items():
        np.testing.assert_array_equal(columns[name], column, err_msg=name)
        assert columns[name].dtype.kind == column.dtype.kind, name
    assert loaded.whiskers == findings.whiskers
    assert loaded.settings == findings.settings
    assert (loaded.data_set, loaded.expressions, loaded.history) == ("made", ("happy", "sad"), ("made up",))


def test_others_read_the_file_as_a_table(findings: Findings, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.read_parquet(findings.save(tmp_path / "findings.parquet")).set_index("row_id" + "s")
    assert table.loc["made:6", "near_row_id"] == "made:1"
    assert bool(table.loc["made:0", "identical_in test"])


def test_copies_elsewhere_are_those_in_another_split(findings: Findings) -> None:
    assert np.flatnonzero(findings.has_copy_in_other_split).tolist() == [0, 5]
    assert np.flatnonzero(findings.has_near_copy_in_other_split).tolist() == [1, 6]


def test_arrays_of_another_length_are_refused(findings: Findings) -> None:
    with pytest.raises(DataError, match=r"findings: brightness has shape \(3,\); expected \(8,\)"):
        replace(findings, brightness=findings.brightness[:3])
    with pytest.raises(DataError, match=r"findings: has_face haar has shape \(1,\)"):
        replace(findings, has_face={"haar": np.array([True])})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda made: made.select(np.arange(5)), "it holds 5 of the 8 rows that were audited; audit the set as it is"),
        (lambda made: made.select(np.arange(8)[::-1]), "its rows are in another order"),
        (lambda made: replace(made, labels=1 - made.labels), "its pictures, labels or splits were changed since"),
        (lambda made: replace(made, row_ids=np.array([f"x:{row}" for row in range(8)])), "0 of its 8 rows are among"),
    ],
    ids=["part", "order", "labels", "another"],
)
def test_findings_of_another_set_are_refused(findings: Findings, face_set: FaceSet, change, message: str) -> None:
    findings.check(face_set)
    with pytest.raises(DataError, match=f"findings of made do not belong to this made: {message}"):
        findings.check(change(face_set))


def test_a_larger_set_than_audited_is_refused(face_set: FaceSet) -> None:
    of_part = audit(face_set.select(np.arange(5)))
    with pytest.raises(DataError, match="it holds 8 rows, of which 5 were audited"):
        of_part.check(face_set)


def test_the_same_data_of_another_name_are_accepted(findings: Findings, face_set: FaceSet) -> None:
    findings.check(replace(face_set, name="other", history=(), origins=face_set.row_ids))


def test_files_that_hold_no_findings_are_refused(tmp_path: Path, findings: Findings) -> None:
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    with pytest.raises(
        DataError, match=r"nowhere.parquet: no such file; 'mien data audit NAME --output FOLDER' writes"
    ):
        Findings.load(tmp_path / "nowhere.parquet")
    damaged = findings.save(tmp_path / "damaged.parquet")
    damaged.write_bytes(damaged.read_bytes()[:100])
    with pytest.raises(DataError, match=r"damaged.parquet: not a Parquet file that can be read"):
        Findings.load(damaged)
    foreign = tmp_path / "foreign.parquet"
    parquet.write_table(pyarrow.table({"row_ids": ["a"]}), foreign)
    with pytest.raises(DataError, match=r"foreign.parquet: a Parquet file, but not of findings"):
        Findings.load(foreign)


def test_findings_of_another_format_are_refused(
    tmp_path: Path, findings: Findings, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = findings.save(tmp_path / "findings.parquet")
    monkeypatch.setattr("mien.data.audit.findings._FORMAT", 2)
    with pytest.raises(DataError, match="not of findings as this mien writes them"):
        Findings.load(file)


def test_a_missing_pyarrow_is_named_with_its_extra(
    findings: Findings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for act in (lambda: findings.save(tmp_path / "a.parquet"), lambda: Findings.load(tmp_path / "a.parquet")):
        with pytest.raises(MissingExtraError, match=r"'pyarrow'.*mien\[tables\]"):
            act()
    assert not list(tmp_path.iterdir())
