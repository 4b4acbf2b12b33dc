import builtins
from pathlib import Path
from typing import Any

import pytest

from mien.data.export_tables import columns_of_rows, read_exported_parquet, write_manifest, write_parquet
from mien.errors import DataError, MissingExtraError
from tests.unit.data.test_preparation import make_set


def test_columns_of_rows_hold_everything_but_the_picture() -> None:
    columns = columns_of_rows(make_set(10))
    assert list(columns) == ["label", "split", "row_id", "origin", "subject", "votes_a", "votes_b"]
    assert columns["label"][:3] == ["a", "b", "c"]
    assert columns["votes_a"] == [1] * 10


def test_write_manifest_quotes_what_must_be(tmp_path: Path) -> None:
    file = write_manifest(tmp_path / "manifest.csv", make_set(2), [Path("a,b.png"), Path("c/d.png")])
    lines = file.read_text().splitlines()
    assert lines[0].startswith("path,label,split,row_id,origin,subject")
    assert lines[1].startswith('"a,b.png",a,training,made:0,made.csv:0,s0')
    assert len(lines) == 3


@pytest.mark.parametrize("content", [None, b"", b"no parquet at all"], ids=["missing", "empty", "other"])
def test_read_exported_parquet_names_what_is_none(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "faces.parquet"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(DataError, match=r"faces\.parquet: not a set that mien exported as Parquet"):
        read_exported_parquet(file)


def test_read_exported_parquet_refuses_other_parquet(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    with pytest.raises(DataError, match=r"other\.parquet: not a set that mien exported"):
        read_exported_parquet(tmp_path / "other.parquet")


def test_parquet_needs_the_extra_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def refuse(name: str, *arguments: Any, **options: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real_import(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingExtraError, match=r"pip install 'mien\[tables\]'"):
        write_parquet(tmp_path / "faces.parquet", make_set(2))
