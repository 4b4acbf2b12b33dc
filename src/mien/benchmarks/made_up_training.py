"""A whole training run on made-up faces, as `mien train` does it, and the stopwatch that looks on."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from lightning import Callback, LightningModule, Trainer
from rich.console import Console

from mien.data import FaceSet
from mien.expressions import FER2013_EXPRESSIONS
from mien.training.fit_network import fit_network
from mien.training.precision import choose_precision
from mien.training.recipe import Recipe
from mien.training.run_folder import RunFolder
from mien.training.trainer import build_trainer, quiet_lightning
from mien.training.training_rows import build_training_rows

MEAN, DEVIATION = 128.0, 64.0
"""What is taken for the made-up faces' mean and standard deviation."""


def make_faces(num_training: int, num_validation: int) -> FaceSet:
    """Return faces of noise, 48x48, uint8, with all seven expressions.

    Args:
        num_training: Rows of the training split.
        num_validation: Rows of the validation split.
    """
    count = num_training + num_validation
    return FaceSet(
        name="made up",
        pictures=np.random.default_rng(0).integers(0, 256, (count, 48, 48), dtype=np.uint8),
        labels=np.arange(count) % len(FER2013_EXPRESSIONS),
        expressions=FER2013_EXPRESSIONS,
        splits=np.repeat(["training", "validation"], [num_training, num_validation]),
        row_ids=np.arange(count).astype(str),
        origins=np.full(count, "noise"),
    )


def train_on(face_set: FaceSet, recipe: Recipe, *, callbacks: list[Callback], **options: Any) -> None:
    """Train from start to end with all that a run does: progress, guard, averages, curves, weights, checkpoints.

    Args:
        face_set: The faces.
        recipe: The recipe; its section ``[data]`` is not read.
        callbacks: What else happens around the steps, after all that a run does.
        options: Further arguments of the trainer.
    """
    precision, reason = choose_precision(recipe.training.precision, accelerator=recipe.trainer.accelerator)
    facts = {"mean": MEAN, "std": DEVIATION, "in_channels": 1, "size_hw": [48, 48]}
    facts |= {"precision": precision, "precision_reason": reason}
    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder.create(Path(folder), recipe, face_set, facts=facts)
        with quiet_lightning():
            trainer = build_trainer(recipe, precision=precision, callbacks=callbacks, **options)
        rows = build_training_rows(face_set, recipe)
        fit_network(run, recipe, face_set, rows=rows, facts=facts, trainer=trainer, console=Console(quiet=True))


class Stopwatch(Callback):
    """Times a run's steps, the ends of its epochs, and after each step one of every other kind.

    So all kinds meet the same machine, whatever else it does. The first epoch warms up and should not count.

    Args:
        others: The other kinds of steps by name.

    Attributes:
        seconds: Seconds in each epoch by kind; the run's steps are ``whole``, what follows the last of them ``end``.
    """

    def __init__(self, **others: Callable[[], None]) -> None:
        self.others = others
        self.seconds: dict[str, list[float]] = {kind: [] for kind in ("whole", "end", *others)}

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin an epoch."""
        for seconds in self.seconds.values():
            seconds.append(0.0)
        self.started = time.perf_counter()

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        """Count the step, and take the others."""
        self._count("whole")
        for kind, step in self.others.items():
            step()
            self._count(kind)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Count validation and what was written."""
        self._count("end")

    def _count(self, kind: str) -> None:
        now = time.perf_counter()
        self.seconds[kind][-1] += now - self.started
        self.started = now
