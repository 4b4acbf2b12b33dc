from collections.abc import Callable
from pathlib import Path

from mien.recognition.model_file import load_model_file
from mien.training import RunFolder
from tests.unit.app.cli.conftest import Ran


def test_export_refuses_a_detector_that_finds_nothing_and_writes_nothing(
    run: Callable[..., Ran], tiny_run: RunFolder, tmp_path: Path
) -> None:
    """The made-up faces are plain noise, in which no detector finds a face."""
    output = tmp_path / "tiny.onnx"
    done = run("export", tiny_run.folder, "--output", output)
    assert done.code == 2
    assert "detector 'haar' found none of 14 pasted faces" in done.err
    assert not output.exists()


def test_export_writes_the_model_file(run: Callable[..., Ran], tiny_run: RunFolder, tmp_path: Path) -> None:
    done = run("export", tiny_run.folder, "--detector", "none", "--name", "small", "--views", "plain")
    assert done.code == 0
    assert "largest difference from torch" in done.out
    contract = load_model_file(tiny_run.folder / "small.onnx").contract
    assert (contract.name, contract.views) == ("small", ("plain",))


def test_export_refuses_an_unknown_view(run: Callable[..., Ran], tiny_run: RunFolder) -> None:
    done = run("export", tiny_run.folder, "--detector", "none", "--views", "mirror")
    assert done.code == 2
    assert "unknown view 'mirror'; expected plain or flip" in done.err


def test_export_refuses_an_estimator_in_one_line(run: Callable[..., Ran], estimator_run: RunFolder) -> None:
    done = run("export", estimator_run.folder, "--detector", "none")
    refusal = f"error: {estimator_run.folder}: 'hog_lbp_svm' is an estimator; only networks can be exported\n"
    assert done == (2, "", refusal)


def test_export_writes_calibrator_and_sets(run: Callable[..., Ran], tiny_run: RunFolder) -> None:
    options = ("--detector", "none", "--calibrator", "isotonic", "--coverage", "0.8", "--sets", "lac")
    done = run("export", tiny_run.folder, *options)
    assert done.code == 0, done.err
    assert "calibrator: isotonic, fitted on 14 validation faces" in done.out
    contract = load_model_file(tiny_run.folder / "tiny.onnx").contract
    assert contract.calibrator["name"] == "isotonic"
    assert (contract.conformal["method"], contract.conformal["coverage"]) == ("lac", 0.8)


def test_sets_without_a_coverage_are_refused(run: Callable[..., Ran], tiny_run: RunFolder) -> None:
    done = run("export", tiny_run.folder, "--detector", "none", "--sets", "lac")
    assert (done.code, done.err) == (
        2,
        "error: --sets lac has no effect without --coverage; say how often a set shall hold the right one\n",
    )
