import errno
import os
import stat
from pathlib import Path

import pytest

from mien.errors import MienError
from mien.writing import (
    WRITE_FAULTS,
    PartialFile,
    create_numbered_folder,
    explaining_write_faults,
    plain_name,
    replacing,
    replacing_folder,
    to_csv_text,
    write_all_atomically,
    write_atomically,
)


@pytest.mark.parametrize(
    ("data", "expected"), [(b"\x00\xff", b"\x00\xff"), ("é\n", b"\xc3\xa9\n")], ids=["bytes", "text"]
)
def test_write_atomically_writes_all_and_makes_folders(tmp_path: Path, data: bytes | str, expected: bytes) -> None:
    path = write_atomically(tmp_path / "new" / "file.bin", data)
    assert path.read_bytes() == expected
    assert [each.name for each in path.parent.iterdir()] == ["file.bin"]


def test_write_atomically_gives_a_new_file_the_usual_permissions(tmp_path: Path) -> None:
    usual = tmp_path / "usual"
    usual.write_text("")
    assert stat.S_IMODE(write_atomically(tmp_path / "file", "x").stat().st_mode) == stat.S_IMODE(usual.stat().st_mode)


def test_write_atomically_follows_a_link_to_its_file(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to(tmp_path / "real.txt")
    write_atomically(tmp_path / "link.txt", "new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text() == "new"


def test_write_atomically_keeps_the_old_file_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")

    def write_half(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", write_half)
    with pytest.raises(MienError, match=rf"^{path}: cannot be written: no space left on the device; "):
        write_atomically(path, "new and long")
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["file.txt"]


def test_write_atomically_keeps_the_old_file_when_the_rename_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(MienError, match="no space left"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["file.txt"]


def test_write_atomically_writes_a_device_straight() -> None:
    assert write_atomically(Path(os.devnull), "x") == Path(os.devnull)
    assert not Path(os.devnull).is_file()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_write_atomically_names_a_full_device() -> None:
    with pytest.raises(MienError, match=r"^/dev/full: cannot be written: no space left"):
        write_atomically("/dev/full", "x")


def test_write_atomically_names_a_file_in_a_folders_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MienError, match=r"below: cannot be written: (a file stands where|part of the path)"):
        write_atomically(tmp_path / "file" / "below", "x")


def test_write_atomically_names_a_folder_in_the_files_place(tmp_path: Path) -> None:
    with pytest.raises(MienError, match="it is a folder, expected a file name"):
        write_atomically(tmp_path, "x")


@pytest.fixture
def kept_folder(tmp_path: Path) -> Path:
    """A folder with two files of an earlier write and one of the user's own."""
    for name in ("one.txt", "two.txt", "mine.txt"):
        (tmp_path / name).write_text("old")
    return tmp_path


def contents_of(folder: Path) -> dict[str, str]:
    return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*")}


def test_write_all_atomically_replaces_its_files_and_leaves_others(kept_folder: Path) -> None:
    written = write_all_atomically(kept_folder, {"one.txt": "é\n", "two.txt": b"2", "three.txt": "3"})
    assert written == [kept_folder / "one.txt", kept_folder / "two.txt", kept_folder / "three.txt"]
    assert contents_of(kept_folder) == {"one.txt": "é\n", "two.txt": "2", "three.txt": "3", "mine.txt": "old"}


def test_write_all_atomically_makes_folders(tmp_path: Path) -> None:
    write_all_atomically(tmp_path / "new" / "out", {"file": "x"})
    assert contents_of(tmp_path / "new" / "out") == {"file": "x"}


def test_write_all_atomically_keeps_all_old_files_on_a_full_disk(
    kept_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes

    def write_half_of_two(self: Path, data: bytes) -> int:
        if self.name != "two.txt":
            return write(self, data)
        write(self, data[:1])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", write_half_of_two)
    with pytest.raises(MienError, match=r"two\.txt: cannot be written: no space left on the device; "):
        write_all_atomically(kept_folder, {"one.txt": "new", "two.txt": "new", "three.txt": "new"})
    assert contents_of(kept_folder) == {"one.txt": "old", "two.txt": "old", "mine.txt": "old"}


@pytest.mark.parametrize("stuck", ["one.txt", "three.txt", "two.txt"])
def test_write_all_atomically_puts_old_files_back_when_a_rename_fails(
    kept_folder: Path, monkeypatch: pytest.MonkeyPatch, stuck: str
) -> None:
    rename = Path.replace

    def refuse_new(self: Path, target: Path) -> Path:
        if target == kept_folder / stuck and self.read_text() == "new":
            raise OSError(errno.ENOSPC, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", refuse_new)
    with pytest.raises(MienError, match=rf"{stuck}: cannot be written: no space left"):
        write_all_atomically(kept_folder, {"one.txt": "new", "two.txt": "new", "three.txt": "new"})
    assert contents_of(kept_folder) == {"one.txt": "old", "two.txt": "old", "mine.txt": "old"}


def test_write_all_atomically_leaves_a_folder_in_a_files_place_alone(kept_folder: Path) -> None:
    (kept_folder / "three.txt").mkdir()
    (kept_folder / "three.txt" / "mine").write_text("mine")
    with pytest.raises(MienError, match=r"three\.txt: cannot be written: it is a folder, expected a file name"):
        write_all_atomically(kept_folder, {"one.txt": "new", "three.txt": "new"})
    assert (kept_folder / "three.txt" / "mine").read_text() == "mine"
    assert (kept_folder / "one.txt").read_text() == "old"


def test_write_all_atomically_names_a_file_in_the_folders_place(kept_folder: Path) -> None:
    with pytest.raises(MienError, match=r"one\.txt: cannot be written: a file stands where a folder is expected"):
        write_all_atomically(kept_folder / "one.txt", {"file": "x"})


def test_replacing_keeps_the_ending_and_the_old_file_after_an_error(tmp_path: Path) -> None:
    path = tmp_path / "weights.onnx"
    path.write_text("old")

    def write_half() -> None:
        with replacing(path) as partial_file:
            assert (partial_file.parent, partial_file.suffix) == (tmp_path, ".onnx")
            partial_file.write_text("half")
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        write_half()
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["weights.onnx"]


@pytest.mark.parametrize("number", sorted(WRITE_FAULTS), ids=lambda number: errno.errorcode[number])
def test_explaining_write_faults_names_the_file(number: int) -> None:
    with pytest.raises(MienError, match=r"^out\.csv: cannot be written: "), explaining_write_faults("out.csv"):
        raise OSError(number, "x")


def test_explaining_write_faults_leaves_other_errors() -> None:
    with pytest.raises(FileNotFoundError), explaining_write_faults("out.csv"):
        raise FileNotFoundError(errno.ENOENT, "x")


def test_partial_file_is_in_its_place_once_it_is_kept(tmp_path: Path) -> None:
    place = tmp_path / "new" / "file.bin"
    file = PartialFile(place)
    assert (file.path.parent, file.path.suffix) == (place.parent, ".bin")
    file.path.write_bytes(b"whole")
    assert not place.exists()
    file.keep()
    file.drop()
    assert [(each.name, each.read_bytes()) for each in place.parent.iterdir()] == [("file.bin", b"whole")]


def test_partial_file_that_is_dropped_leaves_what_was_there(tmp_path: Path) -> None:
    place = tmp_path / "file.bin"
    place.write_bytes(b"old")
    file = PartialFile(place)
    file.path.write_bytes(b"half")
    file.drop()
    file.drop()
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("file.bin", b"old")]


def test_partial_file_of_a_device_is_the_device() -> None:
    file = PartialFile("/dev/null")
    assert file.path == Path("/dev/null")
    file.keep()
    file.drop()
    assert Path("/dev/null").exists()


def test_partial_file_names_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MienError, match=r"out.bin: cannot be written: "):
        PartialFile(tmp_path / "file" / "out.bin")
    (tmp_path / "folder").mkdir()
    file = PartialFile(tmp_path / "folder")
    file.path.touch()
    with pytest.raises(MienError, match=r"folder: cannot be written: it is a folder, expected a file name"):
        file.keep()


def test_replacing_folder_makes_the_folder_whole_and_those_above_it(tmp_path: Path) -> None:
    with replacing_folder(tmp_path / "new" / "out") as partial_folder:
        (partial_folder / "inside").mkdir()
        (partial_folder / "inside" / "file").write_text("x")
        assert not (tmp_path / "new" / "out").exists()
    assert (tmp_path / "new" / "out" / "inside" / "file").read_text() == "x"
    assert [each.name for each in (tmp_path / "new").iterdir()] == ["out"]


def test_replacing_folder_takes_the_place_of_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with replacing_folder(tmp_path / "out") as partial_folder:
        (partial_folder / "file").write_text("x")
    assert [each.name for each in tmp_path.rglob("*")] == ["out", "file"]


def test_replacing_folder_keeps_the_old_folder_after_an_error(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "file").write_text("old")

    def write_half() -> None:
        with replacing_folder(tmp_path / "out", is_replaceable=lambda folder: True) as partial_folder:
            (partial_folder / "file").write_text("half")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(MienError, match=r"out: cannot be written: no space left on the device"):
        write_half()
    assert (tmp_path / "out" / "file").read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["out"]


def test_replacing_folder_puts_the_old_folder_back_when_the_rename_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "file").write_text("old")
    rename = Path.replace

    def refuse_new(self: Path, target: Path) -> Path:
        if self.suffix == ".partial":
            raise OSError(errno.ENOSPC, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", refuse_new)
    with (
        pytest.raises(MienError, match="no space left"),
        replacing_folder(tmp_path / "out", is_replaceable=lambda folder: True),
    ):
        pass
    assert (tmp_path / "out" / "file").read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("file", "out: a file stands there; name a folder"),
        ("full", "out: a folder that holds something; name"),
    ],
)
def test_replacing_folder_refuses_what_may_not_be_replaced(tmp_path: Path, what: str, message: str) -> None:
    if what == "file":
        (tmp_path / "out").write_text("mine")
    else:
        (tmp_path / "out" / "mine").mkdir(parents=True)
    with pytest.raises(MienError, match=message), replacing_folder(tmp_path / "out"):
        raise AssertionError("the block is not entered")
    assert len(list(tmp_path.rglob("*"))) == (1 if what == "file" else 2)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Wider (16)", "wider-16"),
        ("label smoothing 0.1", "label-smoothing-0-1"),
        ("Été_2", "ete-2"),
        ("Faces™", "facestm"),
    ],
)
def test_plain_name_holds_nothing_but_plain_letters_and_digits(text: str, name: str) -> None:
    assert plain_name(text) == name


def test_plain_name_may_leave_nothing() -> None:
    assert plain_name("顔 — 笑") == ""


def test_create_numbered_folder_takes_the_first_free_number(tmp_path: Path) -> None:
    (tmp_path / "new" / "run-1").mkdir(parents=True)
    (tmp_path / "new" / "run-1" / "kept").touch()
    folder = create_numbered_folder(tmp_path / "new", "run", {"facts.json": "{}"}, inside=["weights"])
    assert folder == tmp_path / "new" / "run-2"
    assert sorted(each.name for each in folder.iterdir()) == ["facts.json", "weights"]
    assert (folder / "facts.json").read_text() == "{}"
    assert sorted(each.name for each in folder.parent.iterdir()) == ["run-1", "run-2"]


def test_create_numbered_folder_leaves_nothing_after_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill_the_disk(self: Path, text: str, **_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", fill_the_disk)
    with pytest.raises(MienError, match="no space left on the device"):
        create_numbered_folder(tmp_path / "new", "run", {"facts.json": "{}"})
    assert list((tmp_path / "new").iterdir()) == []


def test_to_csv_text_keeps_the_order_of_the_columns_and_leaves_gaps_empty() -> None:
    lines = [{"b": 2, "a": "x,y"}, {"a": 1.5}]
    assert to_csv_text(lines, ["a", "b"]) == 'a,b\n"x,y",2\n1.5,\n'


def test_to_csv_text_refuses_another_column() -> None:
    with pytest.raises(ValueError, match="c"):
        to_csv_text([{"a": 1, "c": 2}], ["a"])
