from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from mien.evaluation.ensemble import build_ensemble
from mien.evaluation.robustness import CORRUPTIONS, draw_run_corruptions
from mien.training import RunFolder
from tests.unit.app.cli.conftest import Ran

Runner = Callable[..., Ran]


def test_a_run_is_measured_told_and_drawn(run: Runner, tiny_run: RunFolder, tmp_path: Path) -> None:
    chosen = ("--corruption", "jpeg", "--corruption", "noise", "--rows", 5, "--views", "plain,flip", "--seed", 2)
    files = ("--csv", tmp_path / "a.csv", "--pictures", tmp_path / "drawn", "--sheet", tmp_path / "sheet.png")
    done = run("robustness", tiny_run.folder, *chosen, *files)
    assert (done.code, done.err) == (0, "")
    named = [line.split()[0] for line in done.out.splitlines() if line.split()]
    assert [name for name in named if name in CORRUPTIONS] == ["jpeg", "noise"]
    curves = tmp_path / "drawn" / "tiny-validation-robustness.png"
    for words in (
        "tiny on validation of fer2013, views: plain, flip",
        "on 5 rows",
        "rows: all; clean accuracy",
        f"figures: {tmp_path / 'a.csv'}",
        f"picture: {curves}",
        f"picture: {tmp_path / 'sheet.png'}",
    ):
        assert words in done.out.replace("\n", " ")
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 1 + 2 * 11
    assert curves.exists()
    expected = draw_run_corruptions(tiny_run, corruptions=["jpeg", "noise"], seed=2)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "sheet.png")), expected)


def test_nothing_is_written_unless_asked(run: Runner, tiny_run: RunFolder) -> None:
    done = run("robustness", tiny_run.folder, "--corruption", "darker")
    assert done.code == 0
    assert not {"figures:", "picture:"} & set(done.out.split())


def test_corruptions_are_listed(run: Runner) -> None:
    done = run("robustness", "--list")
    assert (done.code, done.err) == (0, "")
    said = " ".join(done.out.split())
    for entry in CORRUPTIONS:
        assert entry.name in done.out
        assert " ".join(entry.card.source.split()) in said
    assert max(map(len, done.out.splitlines())) <= 120


def test_robustness_refuses_in_one_line(run: Runner, tiny_run: RunFolder, tmp_path: Path) -> None:
    for arguments, message in (
        (("--corruption", "blurr"), "unknown corruption 'blurr'"),
        (("--split", "test", "--results", tmp_path), f"{tiny_run.folder}: no record of it under"),
        (("--sheet", tmp_path / "a.gif"), f"{tmp_path / 'a.gif'}: the drawing is written as .png or .jpg"),
    ):
        done = run("robustness", tiny_run.folder, *arguments)
        assert (done.code, done.err.count("\n")) == (2, 1)
        assert done.err.startswith(f"error: {message}")
    nameless = run("robustness")
    assert nameless.code == 2
    assert "name a run folder, or --list" in nameless.err


def test_an_ensemble_is_measured_and_drawn(run: Runner, members: list[RunFolder], tmp_path: Path) -> None:
    folder = build_ensemble(members[:2], method="equal", ensembles_folder=tmp_path).ensemble.folder
    done = run("robustness", folder, "--corruption", "jpeg", "--rows", 5, "--sheet", tmp_path / "sheet.png")
    assert (done.code, done.err) == (0, "")
    assert "equal-of-2 on validation of fer2013" in done.out
    assert (tmp_path / "sheet.png").exists()
