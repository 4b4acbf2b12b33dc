import io
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from mien.training import RunFolder, read_recipe, resume_training, train
from mien.training.callbacks import KeepCurvesAndWeights, StopEarly

# The weights stay as they are, so that no epoch is better than the first.
CHANGES = ("training.epochs=9", "training.average_decay=0.0", "optimizer.learning_rate=1e-12")


@pytest.mark.parametrize(
    ("best_epoch", "num_epochs", "has_stopped"),
    [(0, 1, False), (0, 3, False), (0, 4, True), (2, 5, False), (2, 6, True), (-1, 0, False)],
)
def test_a_run_ends_when_its_best_epoch_lies_too_far_back(best_epoch: int, num_epochs: int, has_stopped: bool) -> None:
    curves, trainer = KeepCurvesAndWeights(None), SimpleNamespace(should_stop=False)
    curves.rows, curves.best_epoch = [{}] * num_epochs, best_epoch
    StopEarly(3, curves).on_train_epoch_end(trainer, None)  # type: ignore[arg-type]
    assert trainer.should_stop is has_stopped


@pytest.fixture
def stopped(tiny_recipe_file: Path, tmp_path: Path) -> tuple[RunFolder, str]:
    """A run with a patience of two epochs, and what it printed."""
    recipe = read_recipe(tiny_recipe_file, [*CHANGES, "training.early_stopping=2"])
    out = io.StringIO()
    run = train(recipe, runs_folder=tmp_path / "runs", console=Console(file=out, width=200))
    return run, out.getvalue()


def test_a_run_that_gets_no_better_stops_and_says_so(stopped: tuple[RunFolder, str]) -> None:
    run, printed = stopped
    assert len(run.read_curves()) == 3
    assert "stopped early: validation accuracy has not risen for 2 epochs (training.early_stopping)" in printed


def test_a_run_that_had_stopped_stays_so_when_resumed(stopped: tuple[RunFolder, str]) -> None:
    run, _ = stopped
    before = run.weights_file("last").read_bytes()
    resume_training(run.folder, console=Console(quiet=True))
    assert len(run.read_curves()) == 3
    assert run.weights_file("last").read_bytes() == before


def test_without_it_all_epochs_are_trained(tiny_recipe_file: Path, tmp_path: Path) -> None:
    recipe = read_recipe(tiny_recipe_file, [*CHANGES, "training.epochs=4"])
    assert len(train(recipe, runs_folder=tmp_path / "runs", console=Console(quiet=True)).read_curves()) == 4
