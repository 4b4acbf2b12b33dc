from collections.abc import Callable
from pathlib import Path

import pytest

from mien.evaluation.judge import judge
from mien.evaluation.report import SECTIONS
from mien.training import RunFolder
from tests.unit.app.cli.conftest import Ran

pytest.importorskip("jinja2")
Runner = Callable[..., Ran]


def _without(*kept: str) -> list[str]:
    return [word for name in SECTIONS if name not in kept for word in ("--without", name)]


def test_a_report_is_written_and_no_test_split_is_opened(run: Runner, tiny_run: RunFolder, tmp_path: Path) -> None:
    results, page = tmp_path / "results", tmp_path / "page.html"
    record = judge(tiny_run, results_folder=results)
    files = sorted(results.rglob("*"))
    options = ("--output", page, "--results", results, "--bootstrap", 10, "--faces", 1, "--seed", 2, "--rows", 3)
    kept = ("headline", "explanation", "protocol")
    done = run("report", tiny_run.folder, record.file, *options, *_without(*kept))
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"report: {page} (")
    text = page.read_text(encoding="utf-8")
    assert [name for name in SECTIONS if f'id="{name}"' in text] == list(kept)
    assert "The most confident of" in text
    assert "data:image/jpeg" in text
    assert sorted(results.rglob("*")) == files


def test_a_report_without_pictures_shows_no_face(run: Runner, tiny_run: RunFolder, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    options = ("--output", page, "--results", tmp_path, "--bootstrap", 10, "--no-pictures")
    assert run("report", tiny_run.folder, *options, *_without("explanation")).code == 0
    assert "data:image" not in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--without", "plot"), "unknown section 'plot'; did you mean 'plots'?"),
        (("--rows", 0), "rows is 0; expected at least 1"),
        ((), "none does not exist; expected a run folder"),
    ],
)
def test_a_report_is_refused_in_one_line(run: Runner, tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    done = run("report", tmp_path / "none", "--output", tmp_path / "page.html", *arguments)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert message in done.err
    assert not (tmp_path / "page.html").exists()
