from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import make_rows, write_folders
from tests.made_datasets import make_ck_plus48, make_kdef, make_manifest, save_face
from tests.unit.app.cli.conftest import Ran


def test_info_prints_splits_classes_and_copies(run: Callable[..., Ran], fer2013_csv: Path) -> None:
    done = run("data", "info", "fer2013", fer2013_csv)
    assert done.code == 0
    assert "112 training / 14 validation / 14 test" in done.out
    assert "classes: 20 20 20 20 20 20 20" in done.out
    assert "0 test rows have an identical picture in training" in done.out
    assert "history: read from fer2013.csv" in done.out


def test_info_reads_folders_too(run: Callable[..., Ran], tmp_path: Path) -> None:
    folder = write_folders(tmp_path / "folders", *make_rows(140), has_prefix=True)
    assert "112 training / 14 validation / 14 test" in run("data", "info", "fer2013", folder).out


def test_info_takes_the_usual_place(
    run: Callable[..., Ran], fer2013_csv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_FER2013", str(fer2013_csv))
    assert "140 faces of 48x48 pixels" in run("data", "info", "fer2013").out


def test_info_prints_subjects_columns_and_what_was_understood(run: Callable[..., Ran], tmp_path: Path) -> None:
    out = run("data", "info", "kdef", make_kdef(tmp_path).path, "angles=['S', 'HL']").out
    assert "column subject: 2 values (F01, M01)" in out
    assert "column angle: 2 values (HL, S)" in out
    assert "history: code 'AF' read as fear: 6 pictures" in out


def test_info_of_pictures_in_files_shows_the_first_sizes(run: Callable[..., Ran], tmp_path: Path) -> None:
    made = make_manifest(tmp_path)
    (tmp_path / "pictures" / "2.png").write_bytes(b"")
    done = run("data", "info", "manifest", made.path)
    assert done.code == 0
    assert "faces: 6 pictures in files, the first 24x24, 25x24, empty, 25x24, fingerprint" in done.out
    assert "0 validation rows have an identical picture in training" in done.out


def test_info_says_where_a_column_is_unknown(run: Callable[..., Ran], tmp_path: Path) -> None:
    made = make_ck_plus48(tmp_path)
    save_face(made.path / "fear" / "mine.png", "fear")
    out = run("data", "info", "ck_plus48", made.path).out
    assert "column subject: 2 values (S010, S999), unknown in 1 rows" in out
    assert "column sequence: 14 values (S010_001, S010_002, S010_003, S010_004, ...), unknown" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("fer2031",), "unknown data set 'fer2031'; did you mean 'fer2013'?"),
        (("jaffe",), "data set 'jaffe' has no usual place; name its file or folder"),
        (("jaffe", "."), "expected pictures such as KA.AN1.39.tiff; found none"),
        (("kdef", ".", "angles=X"), "data set 'kdef': angles: expected 'S' or 'HL'"),
        (("kdef", ".", "angles"), "'angles' is no setting; expected OPTION=VALUE, such as labels=arg_max"),
        (("fer2013", "nowhere.csv"), "nowhere.csv does not exist; expected fer2013.csv or a folder"),
    ],
)
def test_info_names_what_is_wrong_in_one_line(
    run: Callable[..., Ran], arguments: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("data", "info", *arguments)
    assert done.code == 2
    assert done.out == ""
    assert message in done.err
    assert done.err.count("\n") == 1
