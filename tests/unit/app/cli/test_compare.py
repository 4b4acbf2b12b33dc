from collections.abc import Callable
from pathlib import Path

from mien.evaluation.protocol import open_test_split
from mien.metrics.predictions import Predictions
from mien.training import RunFolder
from tests.unit.app.cli.conftest import Ran


def test_two_records_are_compared_on_both_sets_of_rows(
    run: Callable[..., Ran], make_predictions: Callable[..., Predictions], tmp_path: Path
) -> None:
    first = open_test_split(make_predictions(80), results_folder=tmp_path, recipe={})
    worse = make_predictions(80, model="older", random_seed=9, skill=0.5)
    second = open_test_split(worse, results_folder=tmp_path, recipe={})
    done = run("compare", first.file, second.file, "--bootstrap", 300)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"A: compact ({first.file})\nB: older ({second.file})\n")
    assert "test of fer2013, all rows: 80\n" in done.out
    assert "test of fer2013, rows without a copy in training: 70\n" in done.out
    for name in ("accuracy ", "balanced accuracy", "log loss"):
        assert done.out.count(f" {name}") >= 2
    assert done.out.count("McNemar's test: A alone is right on ") == 2
    assert "paired bootstrap over rows, 300 draws" in done.out
    assert done.out.endswith("Neither model had seen these rows.\n")
    assert len(list(tmp_path.glob("official/fer2013/*.json"))) == 2


def test_a_run_is_compared_with_a_file_on_validation(
    run: Callable[..., Ran], tiny_run: RunFolder, tmp_path: Path
) -> None:
    saved = tmp_path / "plain.npz"
    run("predict", tiny_run.folder, "--split", "validation", "--views", "plain", "--output", saved)
    done = run("compare", tiny_run.folder, saved, "--bootstrap", 50)
    assert done.code == 0
    assert "validation of fer2013, all rows: 14\n" in done.out
    assert "Figures on fewer than 30 rows say little." in done.out
    assert done.out.endswith("the figures choose, they do not judge.\n")
    assert not (tmp_path / "results").exists()


def test_rows_that_all_have_a_copy_are_said_so(
    run: Callable[..., Ran], make_predictions: Callable[..., Predictions], tmp_path: Path
) -> None:
    predictions = make_predictions(8, split="validation")
    everywhere = make_predictions(8, split="validation", has_copy_in_training=~predictions.has_copy_in_training)
    files = [each.save(tmp_path / f"{name}.npz") for name, each in (("a", predictions), ("b", everywhere))]
    assert "every row has a copy in training\n" in run("compare", *files, "--bootstrap", 5).out


def test_other_rows_are_refused_in_one_line(
    run: Callable[..., Ran], make_predictions: Callable[..., Predictions], tmp_path: Path
) -> None:
    files = [
        make_predictions(rows, model=name, split="validation").save(tmp_path / f"{name}.npz")
        for name, rows in (("a", 8), ("b", 9))
    ]
    done = run("compare", *files)
    assert (done.code, done.out) == (2, "")
    assert done.err == "error: 'b' and 'a' did not answer the same rows: 9 and 8, 8 shared\n"
