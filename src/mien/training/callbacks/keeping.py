"""What a run leaves behind after each epoch: curves, best and last weights, the checkpoint to resume from."""

import os
import time
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer

from mien.training.module import TrainingModule
from mien.training.run_folder import RunFolder


class KeepCurvesAndWeights(Callback):
    """Writes curves and weights after each validation; stands before the averaging, whose weights are in place then.

    Args:
        run: Where to write; None, in all processes but the first, keeps the figures alone.
        is_choosing: Whether validation chooses the best epoch; else it is always the last.
    """

    def __init__(self, run: RunFolder | None, *, is_choosing: bool = True) -> None:
        self.run, self.is_choosing = run, is_choosing
        self.rows: list[dict[str, float]] = []
        self.best_accuracy, self.best_epoch = -1.0, -1
        self.started = time.perf_counter()
        self.training_seconds = 0.0

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the clock."""
        self.started = time.perf_counter()

    def on_validation_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stop the clock: validation does not count as training time."""
        self.training_seconds = time.perf_counter() - self.started

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write the epoch's row and weights; the best so far are those of the highest validation accuracy."""
        assert isinstance(pl_module, TrainingModule)
        if trainer.sanity_checking:
            return
        _add_up_processes(trainer, pl_module)
        epoch, accuracy = trainer.current_epoch, pl_module.validation_accuracy
        pictures = pl_module.loss_count * pl_module.recipe.training.batch_size
        self.rows.append(
            {
                "epoch": epoch,
                "loss": pl_module.mean_loss,
                "validation_accuracy": accuracy,
                "validation_loss": pl_module.validation_loss,
                "learning_rate": trainer.optimizers[0].param_groups[0]["lr"],
                "pictures_per_second": pictures / max(self.training_seconds, 1e-9),
            }
        )
        is_best = accuracy > self.best_accuracy or not self.is_choosing
        if is_best:
            self.best_accuracy, self.best_epoch = accuracy, epoch
        if self.run is None:
            return
        facts = {"epoch": epoch, "validation_accuracy": accuracy}
        state = pl_module.network.state_dict()
        for which in ("best", "last") if is_best else ("last",):
            self.run.save_weights(state, which=which, facts=facts)
        self.run.write_curves(self.rows)

    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed run needs to know."""
        return {"rows": self.rows, "best_accuracy": self.best_accuracy, "best_epoch": self.best_epoch}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint; rows after it are run again."""
        self.rows = list(state_dict["rows"])
        self.best_accuracy, self.best_epoch = state_dict["best_accuracy"], state_dict["best_epoch"]


class SaveToResume(Callback):
    """Writes Lightning's checkpoint after each epoch, whole or not at all.

    Args:
        run: Where to write; None, in all processes but the first, only takes part.
    """

    def __init__(self, run: RunFolder | None) -> None:
        self.run = run

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write the checkpoint beside the old one and put it in its place."""
        trainer.save_checkpoint(self.run.resume_file if self.run else os.devnull)


def _add_up_processes(trainer: Trainer, module: TrainingModule) -> None:
    """Replace what one process counted by what all did: each judged rows of its own and had its share of a batch."""
    if trainer.world_size == 1:
        return
    strategy = trainer.strategy
    sums = torch.stack([*module.validation_sums, module.loss_sum.cpu()])
    sums = strategy.reduce(sums.to(strategy.root_device), reduce_op="sum").cpu()
    module.validation_sums, module.loss_sum = sums[:3], sums[3] / trainer.world_size
