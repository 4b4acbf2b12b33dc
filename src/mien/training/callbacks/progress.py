"""The progress of a run: a bar with figures and remaining time, or a line an epoch."""

import time
from typing import TYPE_CHECKING, Any

from lightning import Callback, LightningModule, Trainer

from mien.training.callbacks.keeping import KeepCurvesAndWeights
from mien.training.module import TrainingModule

if TYPE_CHECKING:
    from rich.console import Console


SECONDS_BETWEEN_MOVES = 0.1
"""Rich draws no more often, and to read the loss is to wait for a GPU."""


class ShowProgress(Callback):
    """A bar over the whole run with figures and remaining time; without a terminal, one line an epoch.

    Args:
        console: Where to print.
        curves: Holds the figures of the epochs.
    """

    def __init__(self, console: "Console", curves: KeepCurvesAndWeights) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        self.console, self.curves = console, curves
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=console,
            speed_estimate_period=120,
        )
        self.started = self.moved = time.perf_counter()
        self.first_epoch = 0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Show the bar."""
        self.started, self.first_epoch = time.perf_counter(), trainer.current_epoch
        steps = int(trainer.estimated_stepping_batches)
        self.task = self.progress.add_task("training", total=steps, completed=trainer.global_step, figures="")
        if self.console.is_terminal:
            self.progress.start()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Move the bar."""
        assert isinstance(pl_module, TrainingModule)
        now = time.perf_counter()
        if now - self.moved < SECONDS_BETWEEN_MOVES and batch_idx + 1 < trainer.num_training_batches:
            return
        self.moved = now
        best = f", best {self.curves.best_accuracy:.2%}" if self.curves.best_epoch >= 0 else ""
        figures = f"loss {pl_module.mean_loss:.3f}{best}"
        description = f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}"
        self.progress.update(self.task, completed=trainer.global_step, description=description, figures=figures)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Print the epoch's line."""
        row, curves = self.curves.rows[-1], self.curves
        done = trainer.current_epoch + 1 - self.first_epoch
        left = (time.perf_counter() - self.started) / done * ((trainer.max_epochs or 0) - trainer.current_epoch - 1)
        self.console.print(
            f"epoch {trainer.current_epoch + 1:3d}/{trainer.max_epochs}  loss {row['loss']:.4f}  "
            f"validation {row['validation_accuracy']:.2%} (best {curves.best_accuracy:.2%} in epoch "
            f"{curves.best_epoch + 1})  {row['pictures_per_second']:.0f} pictures/s  {left / 60:.0f} min left",
            highlight=False,
            soft_wrap=True,
        )

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Take the bar away."""
        if self.progress.live.is_started:
            self.progress.stop()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Take the bar away after a fault or Ctrl-C too; Lightning tears nothing down then."""
        self.teardown(trainer, pl_module, stage="fit")
