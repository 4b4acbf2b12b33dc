import bz2
import tarfile
import zipfile
from pathlib import Path

import pytest

from mien.data.compressed import open_table
from mien.errors import DataError


def read(file: Path, **options: object) -> tuple[bytes, str]:
    with open_table(file, **options) as (stream, table):
        return b"".join(stream), table


def write_zip(file: Path, members: dict[str, str]) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return file


def test_open_table_takes_plain_and_packed_files(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n")
    (tmp_path / "a.csv.bz2").write_bytes(bz2.compress(b"x,y\n"))
    with tarfile.open(tmp_path / "a.tar.xz", "w:xz") as tar:
        tar.add(tmp_path / "a.csv", "in/a.csv")
    assert read(tmp_path / "a.csv") == (b"x,y\n", str(tmp_path / "a.csv"))
    assert read(tmp_path / "a.csv.bz2") == (b"x,y\n", str(tmp_path / "a.csv.bz2"))
    assert read(tmp_path / "a.tar.xz") == (b"x,y\n", f"{tmp_path}/a.tar.xz/in/a.csv")


def test_open_table_prefers_a_name_and_passes_over_what_a_mac_leaves(tmp_path: Path) -> None:
    file = write_zip(tmp_path / "a.zip", {"__MACOSX/._a.csv": "", "train.csv": "1", "in/Faces.csv": "2", "._b.csv": ""})
    assert read(file, names=["faces.csv"]) == (b"2", f"{file}/in/Faces.csv")


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"a.csv": "", "b.csv": ""}, r"a\.zip: 2 CSV files inside \(a\.csv, b\.csv\); expected one; unpack it"),
        ({"a.txt": ""}, r"a\.zip: 0 CSV files inside \(none\); expected one"),
    ],
)
def test_open_table_needs_one_table(tmp_path: Path, members: dict[str, str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(write_zip(tmp_path / "a.zip", members))


@pytest.mark.parametrize("ending", [".zip", ".tar.gz", ".tar", ".csv.gz", ".csv.xz"])
def test_open_table_says_what_is_damaged(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"a{ending}"
    file.write_text("this is no archive")
    with pytest.raises(DataError, match=rf"a{ending}: damaged, cut off or not what its ending says \(.+\); fetch it"):
        read(file)


def test_open_table_names_what_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv: cannot be read: no such file"):
        read(tmp_path / "none.csv")


def test_open_table_refuses_an_encrypted_member(tmp_path: Path) -> None:
    file = write_zip(tmp_path / "a.zip", {"a.csv": "x"})
    content = bytearray(file.read_bytes())
    content[6] |= 1  # the flag of the member, and of its entry in the directory
    content[content.index(b"PK\x01\x02") + 8] |= 1
    file.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.csv is encrypted; unpack it first"):
        read(file)
