import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from rich.console import Console
from safetensors.torch import load_file

from mien.errors import TrainingError
from mien.training import RunFolder, read_recipe, resume_training, train
from mien.training.callbacks import StopWhenNotFinite
from mien.training.module import TrainingModule
from tests.unit.training.test_module import make_module

QUIET = Console(quiet=True)


def look(loss: float, weight: float) -> None:
    """Let the guard look at a step with this loss, after which one weight is as given."""
    module = make_module()
    with torch.no_grad():
        next(module.network.parameters()).view(-1)[3] = weight
    trainer: Any = SimpleNamespace(
        strategy=SimpleNamespace(reduce=lambda tensor, reduce_op: tensor),
        optimizers=[torch.optim.SGD(module.parameters(), lr=0.5)],
        current_epoch=2,
        num_training_batches=9,
    )
    StopWhenNotFinite().on_train_batch_end(trainer, module, {"loss": torch.tensor(loss)}, None, 4)


def test_finite_numbers_go_on() -> None:
    look(1.5, weight=1e6)


@pytest.mark.parametrize(
    ("loss", "weight", "what"),
    [
        (float("nan"), 0.0, "the loss is nan"),
        (float("inf"), 0.0, "the loss is inf"),
        (1.0, float("nan"), "the weights are not finite"),
        (1.0, float("-inf"), "the weights are not finite"),
        (float("nan"), float("nan"), "the loss is nan"),
    ],
)
def test_a_number_that_is_not_finite_stops_the_step(loss: float, weight: float, what: str) -> None:
    message = (
        f"{what} in epoch 3, step 5 of 9 (learning rate 0.5); begin a new run with a lower optimizer.learning_rate, "
        'clipped gradients or training.precision="float32"'
    )
    with pytest.raises(TrainingError, match=re.escape(message)):
        look(loss, weight)


def look_at_steps(losses: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the guard look at an epoch of these losses on a GPU."""
    module = make_module()
    monkeypatch.setattr(TrainingModule, "device", torch.device("cuda"))
    trainer: Any = SimpleNamespace(
        strategy=SimpleNamespace(reduce=lambda tensor, reduce_op: tensor),
        optimizers=[torch.optim.SGD(module.parameters(), lr=0.5)],
        current_epoch=0,
        num_training_batches=len(losses),
    )
    guard = StopWhenNotFinite()
    for index, loss in enumerate(losses):
        guard.on_train_batch_end(trainer, module, {"loss": torch.tensor(loss)}, None, index)


@pytest.mark.parametrize(("step", "seen_by"), [(3, 50), (50, 50), (51, 70), (70, 70)])
def test_on_a_gpu_a_loss_that_is_not_finite_is_seen_at_the_next_look(
    step: int, seen_by: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = [1.5] * 70
    look_at_steps(losses, monkeypatch)
    losses[step - 1] = float("nan")
    with pytest.raises(TrainingError, match=f"the loss is nan in epoch 1, by step {seen_by} of 70 "):
        look_at_steps(losses, monkeypatch)


def test_an_absurd_learning_rate_stops_in_the_first_epoch(tiny_recipe_file: Path, tmp_path: Path) -> None:
    recipe = read_recipe(tiny_recipe_file, ["optimizer.learning_rate=1e30"])
    message = r"tiny-1: .* in epoch 1, step \d of 7 \(learning rate .*; no epoch was complete, so nothing of it is kept"
    with pytest.raises(TrainingError, match=message):
        train(recipe, runs_folder=tmp_path / "runs", console=QUIET)
    assert list((tmp_path / "runs" / "tiny-1" / "weights").iterdir()) == []


def test_the_last_good_checkpoint_stands_and_the_run_goes_on_from_it(
    tiny_recipe_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = read_recipe(tiny_recipe_file, ["training.epochs=3"])
    whole = train(recipe, runs_folder=tmp_path / "whole", console=QUIET)
    step = TrainingModule.training_step

    def spoil(module: TrainingModule, batch: Any, index: int) -> torch.Tensor:
        loss = step(module, batch, index)
        return loss * float("nan") if (module.current_epoch, index) == (1, 3) else loss

    run = RunFolder(tmp_path / "runs" / "tiny-1")
    going_on = re.escape(f"the checkpoint of the last complete epoch stands: mien train --resume {run.folder}")
    message = f"the loss is nan in epoch 2, step 4 of 7 .*; {going_on}"
    with monkeypatch.context() as patch:
        patch.setattr(TrainingModule, "training_step", spoil)
        with pytest.raises(TrainingError, match=message):
            train(recipe, runs_folder=tmp_path / "runs", console=QUIET)
    assert all(value.isfinite().all() for value in load_file(run.weights_file("last")).values())
    resume_training(run.folder, console=QUIET)
    assert run.weights_file("last").read_bytes() == whole.weights_file("last").read_bytes()
