import json
from collections.abc import Callable
from pathlib import Path

from mien.training import RunFolder
from tests.unit.app.cli.conftest import Ran


def test_validation_figures_choose_and_leave_no_record(
    run: Callable[..., Ran], tiny_run: RunFolder, tmp_path: Path
) -> None:
    results = tmp_path / "results"
    done = run("evaluate", tiny_run.folder, "--split", "validation", "--results", results)
    assert done.code == 0
    assert "95 % interval" in done.out
    assert "they do not judge it" in done.out
    assert "confusion matrix" in done.out
    assert "views: plain, flip" in done.out
    assert "Cohen's kappa" in done.out
    assert done.out.count("95 % interval") == 5
    assert "accuracy of the surest 90 %" in done.out
    plain = run("evaluate", tiny_run.folder, "--split", "validation", "--views", "plain", "--bootstrap", 0)
    assert "views: plain\n" in plain.out
    assert plain.out.count("95 % interval") == 3
    assert not results.exists()


def test_test_figures_leave_a_record_and_pictures(run: Callable[..., Ran], tiny_run: RunFolder, tmp_path: Path) -> None:
    results, pictures = tmp_path / "results", tmp_path / "pictures"
    options = ("--split", "test", "--results", results, "--pictures", pictures)
    done = run("evaluate", tiny_run.folder, *options)
    assert done.code == 0
    record = results / "official" / "fer2013" / "0001-tiny.json"
    assert f"record under protocol official: {record} (opened 0 times before)" in done.out
    assert json.loads(record.read_text())["figures"]["all_rows"]["num_rows"] == 14
    names = ("accuracy", "classes", "confusion", "confusion-counts", "coverage", "reliability")
    assert {file.name for file in pictures.iterdir()} == {f"tiny-test-{name}.png" for name in names}
    assert done.out.count("picture: ") == 6
    again = run("evaluate", tiny_run.folder, *options, "--reference", record)
    assert "(opened 1 times before)" in again.out


def test_a_record_takes_no_other_number_of_draws(run: Callable[..., Ran], tiny_run: RunFolder, tmp_path: Path) -> None:
    done = run("evaluate", tiny_run.folder, "--split", "test", "--bootstrap", 5, "--results", tmp_path / "results")
    assert done.code == 2
    assert "a record always holds intervals from 10,000 draws" in " ".join(done.err.replace("│", "").split())
    assert not (tmp_path / "results").exists()


def test_a_seen_split_is_refused_in_one_line(run: Callable[..., Ran], tiny_run: RunFolder) -> None:
    done = run("evaluate", tiny_run.folder, "--split", "training")
    assert done.code == 2
    assert done.err == "error: training of fer2013 is there to learn from; choose on validation, judge on test\n"


def test_a_run_without_weights_is_refused(run: Callable[..., Ran], tiny_run: RunFolder) -> None:
    tiny_run.weights_file().unlink()
    done = run("evaluate", tiny_run.folder, "--split", "validation")
    assert done.code == 2
    assert "no best weights yet; train at least one epoch" in done.err


def test_an_estimator_is_evaluated_by_the_same_command(
    run: Callable[..., Ran], estimator_run: RunFolder, tmp_path: Path
) -> None:
    results = tmp_path / "results"
    chosen = run("evaluate", estimator_run.folder, "--split", "validation", "--views", "plain", "--results", results)
    assert chosen.code == 0
    assert "classical on validation of fer2013, views: plain\n" in chosen.out
    assert not results.exists()
    judged = run("evaluate", estimator_run.folder, "--split", "test", "--results", results)
    assert judged.code == 0
    assert (results / "official" / "fer2013" / "0001-classical.json").exists()
    listed = run("results", results)
    assert "9,075" in listed.out


def test_an_estimator_that_was_not_fitted_is_refused(run: Callable[..., Ran], estimator_run: RunFolder) -> None:
    estimator_run.weights_file().unlink()
    done = run("evaluate", estimator_run.folder, "--split", "validation")
    folder = estimator_run.folder
    assert (done.code, done.err) == (2, f"error: {folder}: not fitted yet; fit with: mien train --resume {folder}\n")


def test_a_calibrator_is_named_and_its_sets_are_printed(
    run: Callable[..., Ran], tiny_run: RunFolder, tmp_path: Path
) -> None:
    results = tmp_path / "results"
    chosen = run("evaluate", tiny_run.folder, "--split", "validation", "--calibrator", "vector")
    assert chosen.code == 0
    assert "conformal sets" not in chosen.out
    done = run("evaluate", tiny_run.folder, "--split", "test", "--calibrator", "vector", "--results", results)
    assert done.code == 0
    assert "conformal sets, fitted on validation:" in done.out
    assert [line.split()[:2] for line in done.out.splitlines() if line.split()[:1] in (["lac"], ["aps"])] == [
        ["lac", "90.00"],
        ["aps", "90.00"],
    ]
    assert json.loads((results / "official" / "fer2013" / "0001-tiny.json").read_text())["calibrator"] == "vector"


def test_an_unknown_calibrator_is_refused(run: Callable[..., Ran], tiny_run: RunFolder) -> None:
    done = run("evaluate", tiny_run.folder, "--split", "validation", "--calibrator", "vectors")
    assert (done.code, done.err) == (2, "error: unknown calibrator 'vectors'; did you mean 'vector'?\n")
