from collections.abc import Callable

from mien.training import RunFolder
from tests.unit.app.cli.conftest import Ran


def test_calibrate_names_the_best_and_measures_sets(run: Callable[..., Ran], run_of_350: RunFolder) -> None:
    options = ("--calibrator", "temperature", "--views", "plain,flip", "--average", "probabilities")
    done = run("calibrate", run_of_350.folder, *options)
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    named = [line.split()[0] for line in lines if line.split()]
    assert [name for name in named if name in ("none", "temperature", "vector", "isotonic")] == [
        "none",
        "temperature",
        "vector",
        "isotonic",
    ]
    (best,) = [line for line in lines if line.startswith("least log loss: ")]
    assert best.removeprefix("least log loss: ") in named
    assert "conformal sets on what the calibrator temperature gives" in done.out
    assert [name for name in named if name in ("lac", "aps")] == ["lac"] * 3 + ["aps"] * 3
    assert not list(run_of_350.folder.rglob("test-*"))


def test_calibrate_refuses_in_one_line(run: Callable[..., Ran], tiny_run: RunFolder) -> None:
    done = run("calibrate", tiny_run.folder, "--calibrator", "platt")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert done.err.startswith("error: unknown calibrator 'platt'")
