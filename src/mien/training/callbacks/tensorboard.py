"""The curves for TensorBoard: ``tensorboard --logdir runs`` shows all runs side by side."""

import importlib
from typing import TYPE_CHECKING

from lightning import Callback, LightningModule, Trainer

from mien.errors import MissingExtraError
from mien.training.callbacks.keeping import KeepCurvesAndWeights
from mien.training.run_folder import RunFolder
from mien.writing import explaining_write_faults

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class LogToTensorBoard(Callback):
    """Writes each epoch's row of the curves into the run's folder ``tensorboard``, under the names of ``curves.csv``.

    Args:
        run: Where to write.
        curves: Holds the figures of the epochs.
    """

    def __init__(self, run: RunFolder, curves: KeepCurvesAndWeights) -> None:
        self.folder, self.curves = run.folder / "tensorboard", curves
        self.writer: SummaryWriter | None = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Open a file of events; what a killed run wrote after its checkpoint is hidden by the epochs run again."""
        from torch.utils.tensorboard import SummaryWriter

        with explaining_write_faults(self.folder):
            self.writer = SummaryWriter(self.folder, purge_step=trainer.current_epoch)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write the epoch's row."""
        assert self.writer is not None
        with explaining_write_faults(self.folder):
            for name, value in self.curves.rows[-1].items():
                if name != "epoch":
                    self.writer.add_scalar(name, value, trainer.current_epoch)
            self.writer.flush()

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Close the file, also after a fault or Ctrl-C."""
        if self.writer is not None:
            with explaining_write_faults(self.folder):
                self.writer.close()


def require_tensorboard() -> None:
    """Refuse early where it is missing, so that no run begins that could not be logged.

    Raises:
        MissingExtraError: If tensorboard is not installed.
    """
    try:
        importlib.import_module("torch.utils.tensorboard")
    except ImportError as error:
        raise MissingExtraError("tensorboard", extra="train") from error
