"""Early stopping: a run ends when its validation accuracy has not risen for some epochs."""

from lightning import Callback, LightningModule, Trainer

from mien.training.callbacks.keeping import KeepCurvesAndWeights


class StopEarly(Callback):
    """Ends a run whose best epoch lies too far back.

    It looks at the curves and keeps nothing of its own, so that a run that had stopped stays so when it is resumed;
    Lightning's callback would train one more epoch.

    Args:
        patience: Epochs without a better validation accuracy.
        curves: Holds the figures of the epochs.
    """

    def __init__(self, patience: int, curves: KeepCurvesAndWeights) -> None:
        self.patience, self.curves = patience, curves

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """End a resumed run that had stopped."""
        self._look(trainer)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """End the run after this epoch where it is time."""
        self._look(trainer)

    def _look(self, trainer: Trainer) -> None:
        waited = len(self.curves.rows) - 1 - self.curves.best_epoch
        if self.curves.rows and waited >= self.patience:
            trainer.should_stop = True
