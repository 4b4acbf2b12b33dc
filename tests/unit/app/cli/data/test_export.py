from collections.abc import Callable
from pathlib import Path

import pytest

from mien.data import read_dataset
from mien.data.export_tables import read_exported_parquet
from tests.unit.app.cli.conftest import Ran


@pytest.mark.parametrize("export_format", ["folders", "csv"])
def test_export_writes_what_info_reads(
    run: Callable[..., Ran], fer2013_csv: Path, tmp_path: Path, export_format: str
) -> None:
    out = tmp_path / "out"
    options = ("--format", export_format, "--steps", "equalize_histogram", "--output", out)
    done = run("data", "export", "fer2013", fer2013_csv, *options)
    assert (done.code, done.err) == (0, "")
    assert "history: prepared: equalize_histogram\n" in done.out
    assert f"{out}: 140 faces as {export_format}, " in done.out
    assert "112 training / 14 validation / 14 test" in run("data", "info", "fer2013", out).out
    card = (out / "README.md").read_text()
    assert "licence of the source: research use; pictures from a search engine, not to be passed on" in card


def test_export_writes_fitted_faces_as_parquet(run: Callable[..., Ran], fer2013_csv: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ("--format", "parquet", "--steps", "featurewise_standardize", "--output", out)
    assert run("data", "export", "fer2013", fer2013_csv, *options).code == 0
    back = read_exported_parquet(out / "faces.parquet")
    assert back.labels.tolist() == read_dataset("fer2013", fer2013_csv).labels.tolist()
    assert back.split("training").faces.std() == pytest.approx(1, abs=1e-3)
    assert back.history[-1].endswith("(fitted on 112 training rows)")


def test_export_overwrites_only_when_told(run: Callable[..., Ran], fer2013_csv: Path, tmp_path: Path) -> None:
    command = ("data", "export", "fer2013", fer2013_csv, "--output", tmp_path / "out", "--format", "csv")
    assert run(*command).code == 0
    done = run(*command)
    assert done.code == 2
    assert "holds an export already; name another folder, or overwrite it (--overwrite)" in done.err
    assert run(*command, "--overwrite").code == 0


def test_export_drops_rows_without_a_face_when_told(run: Callable[..., Ran], fer2013_csv: Path, tmp_path: Path) -> None:
    command = ("data", "export", "fer2013", fer2013_csv, "--output", tmp_path / "out", "--steps")
    done = run(*command, "crop_face resize:size_hw=[48,48]", "--on-unreadable", "drop")
    assert done.code == 2
    assert "there is nothing left to prepare" in done.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--steps", "scale"),
            "fer2013: its faces are float32, and folders holds levels from 0 to 255; export",
        ),
        (("--steps", "to_gray"), "steps: step 1: unknown operation 'to_gray'; did you mean 'to_grey'?"),
        (
            ("--steps", "crop_face resize:size_hw=[48,48]"),
            "140 of 140 rows cannot be read or prepared: fer2013:00000",
        ),
    ],
    ids=["float32", "operation", "no face"],
)
def test_export_names_what_is_wrong_in_one_line(
    run: Callable[..., Ran], fer2013_csv: Path, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    done = run("data", "export", "fer2013", fer2013_csv, "--output", tmp_path / "out", *options)
    assert done.code == 2
    assert done.out == ""
    assert message in done.err
    assert done.err.count("\n") == 1
    assert not (tmp_path / "out").exists()
