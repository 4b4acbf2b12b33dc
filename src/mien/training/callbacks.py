"""What happens around the epochs of a run: curves, best weights, the checkpoint to resume from, progress."""

import time
from typing import TYPE_CHECKING, Any

from lightning import Callback, LightningModule, Trainer

from mien.training.module import TrainingModule
from mien.training.run_folder import RunFolder
from mien.writing import replacing

if TYPE_CHECKING:
    from rich.console import Console


class KeepCurvesAndWeights(Callback):
    """Writes curves and weights after each validation; stands before the averaging, whose weights are in place then.

    Args:
        run: Where to write.
    """

    def __init__(self, run: RunFolder) -> None:
        self.run = run
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
        epoch, accuracy = trainer.current_epoch, pl_module.validation_accuracy
        pictures = pl_module.loss_count * pl_module.recipe.training.batch_size
        self.rows.append(
            {
                "epoch": epoch,
                "loss": pl_module.loss_sum / max(pl_module.loss_count, 1),
                "validation_accuracy": accuracy,
                "validation_loss": pl_module.validation_loss,
                "learning_rate": trainer.optimizers[0].param_groups[0]["lr"],
                "pictures_per_second": pictures / max(self.training_seconds, 1e-9),
            }
        )
        facts = {"epoch": epoch, "validation_accuracy": accuracy}
        state = pl_module.network.state_dict()
        if accuracy > self.best_accuracy:
            self.best_accuracy, self.best_epoch = accuracy, epoch
            self.run.save_weights(state, which="best", facts=facts)
        self.run.save_weights(state, which="last", facts=facts)
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
        run: Where to write.
    """

    def __init__(self, run: RunFolder) -> None:
        self.run = run

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write the checkpoint beside the old one and put it in its place."""
        with replacing(self.run.resume_file) as partial_file:
            trainer.save_checkpoint(partial_file)


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
        self.started = time.perf_counter()
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
        best = f", best {self.curves.best_accuracy:.2%}" if self.curves.best_epoch >= 0 else ""
        figures = f"loss {pl_module.loss_sum / max(pl_module.loss_count, 1):.3f}{best}"
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
        """Take the bar away, also after a fault or Ctrl-C."""
        if self.progress.live.is_started:
            self.progress.stop()
