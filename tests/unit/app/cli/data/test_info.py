from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import make_rows, write_folders
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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("fer2031",), "unknown data set 'fer2031'; did you mean 'fer2013'?"),
        (("fer2013", "nowhere.csv"), "nowhere.csv does not exist; expected fer2013.csv or a folder"),
    ],
)
def test_info_names_what_is_wrong_in_one_line(
    run: Callable[..., Ran], arguments: tuple[str, ...], message: str
) -> None:
    done = run("data", "info", *arguments)
    assert done.code == 2
    assert done.out == ""
    assert message in done.err
    assert done.err.count("\n") == 1
