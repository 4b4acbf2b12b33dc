"""What happens around the steps and epochs of a run: guard, averages, curves, weights, checkpoint, stop, progress."""

from mien.training.callbacks.averaging import StochasticAveraging, averaging_of
from mien.training.callbacks.early_stopping import StopEarly
from mien.training.callbacks.finite import StopWhenNotFinite
from mien.training.callbacks.keeping import KeepCurvesAndWeights, SaveToResume
from mien.training.callbacks.progress import ShowProgress
from mien.training.callbacks.tensorboard import LogToTensorBoard, require_tensorboard

__all__ = [
    "KeepCurvesAndWeights",
    "LogToTensorBoard",
    "SaveToResume",
    "ShowProgress",
    "StochasticAveraging",
    "StopEarly",
    "StopWhenNotFinite",
    "averaging_of",
    "require_tensorboard",
]
