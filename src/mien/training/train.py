"""Training: from a recipe, or from the run folder of one that stopped."""

import logging
import math
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from lightning import Callback, Trainer
from lightning.pytorch.callbacks import EMAWeightAveraging

from mien.data import FaceSet
from mien.data.balancing import class_weights, sampling_weights
from mien.errors import DataError, RunFolderError
from mien.models import count_parameters
from mien.training.batches import faces_as_tensor
from mien.training.callbacks import KeepCurvesAndWeights, SaveToResume, ShowProgress
from mien.training.fit_estimator import fit_estimator
from mien.training.module import SplitsInMemory, TrainingModule
from mien.training.precision import choose_precision
from mien.training.recipe import Recipe
from mien.training.run_folder import RunFolder
from mien.training.schedules import build_schedules
from mien.training.targets import Targets, build_targets
from mien.training.training_data import read_training_data

if TYPE_CHECKING:
    from rich.console import Console


def train(recipe: Recipe, *, runs_folder: Path = Path("runs"), console: "Console | None" = None) -> RunFolder:
    """Train a network from scratch, or fit an estimator, and return the run folder.

    The weights kept as ``best`` are those of the epoch with the highest accuracy on the validation split; of an
    estimator there are no others. The test split is never touched. The same recipe, seed and machine give the same
    weights.

    Args:
        recipe: Everything the run depends on.
        runs_folder: Folder of all runs.
        console: Where progress goes; None takes standard error.

    Raises:
        DataError: If the data set cannot be read, or has no votes and the recipe's targets need them.
        RecipeError: If the run is too short for its schedule.
    """
    face_set = read_training_data(recipe.data).face_set
    pixels = face_set.split("training").faces
    facts: dict[str, Any] = {
        "mean": round(float(pixels.mean(dtype="float64")), 6),
        "std": round(float(pixels.std(dtype="float64")), 6),
        "in_channels": 1 if face_set.faces.ndim == 3 else 3,
        "size_hw": list(face_set.faces.shape[1:3]),
    }
    if pixels.dtype != np.uint8:
        facts["value_range"] = [float(pixels.min()), float(pixels.max())]
    if not recipe.model.is_estimator:
        facts |= _facts_of_steps(recipe, face_set, pixels.shape)
    run = RunFolder.create(runs_folder, recipe, face_set, facts=facts)
    _fit(run, recipe, face_set, console=console)
    return run


def _facts_of_steps(recipe: Recipe, face_set: FaceSet, shape: tuple[int, ...]) -> dict[str, Any]:
    """Return what only training step by step depends on; the shape is that of the training pictures."""
    num_training, height, width = shape[:3]
    batch_size = recipe.training.batch_size
    if num_training < batch_size:
        raise DataError(f"{num_training} training pictures are fewer than one batch of {batch_size}")
    recipe.augmentation.check_size(height, width)
    _check_schedule(recipe, num_batches=num_training // batch_size)
    precision, reason = choose_precision(recipe.training.precision)
    targets = build_targets(face_set, recipe.training.targets)
    return {"precision": precision, "precision_reason": reason, "targets": targets.facts}


def _check_schedule(recipe: Recipe, *, num_batches: int) -> None:
    """Raise where the run is too short for its schedule, so that it is said before there is a folder."""
    steps = math.ceil(num_batches / recipe.optimizer.accumulate)
    any_optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], momentum=0.9)
    build_schedules(any_optimizer, **dict(recipe.schedule), steps=steps * recipe.training.epochs, steps_per_epoch=steps)


def resume_training(folder: Path, *, console: "Console | None" = None) -> RunFolder:
    """Go on with a run that stopped and return its folder; at most one epoch is lost, an estimator is fitted anew.

    Args:
        folder: The run folder.
        console: Where progress goes; None takes standard error.

    Raises:
        RunFolderError: If it is no run folder, or the data or votes are not those the run began with.
    """
    run = RunFolder.open(folder)
    recipe = run.recipe
    face_set = read_training_data(recipe.data).face_set
    if face_set.fingerprint != run.facts["data_fingerprint"]:
        raise RunFolderError(f"{folder}: the data set is not the one this run began with; start a new run instead")
    _fit(run, recipe, face_set, console=console)
    return run


def _fit(run: RunFolder, recipe: Recipe, face_set: FaceSet, *, console: "Console | None") -> None:
    from rich.console import Console

    fit = fit_estimator if recipe.model.is_estimator else _fit_network
    fit(run, recipe, face_set, console=console or Console(stderr=True))


def _fit_network(run: RunFolder, recipe: Recipe, face_set: FaceSet, *, console: "Console") -> None:
    facts = run.facts
    targets = _targets_of(run, recipe, face_set)
    torch.manual_seed(recipe.training.seed)
    network = run.create_network()
    counts = face_set.split_counts()
    console.print(
        f"{run.folder}: {recipe.model.name}, {count_parameters(network):,} parameters, "
        f"{counts['training']:,} faces train, {counts['validation']:,} choose, "
        f"{facts['precision']} ({facts['precision_reason']})"
        + (f", {targets}" if recipe.training.targets != "labels" else ""),
        highlight=False,
        soft_wrap=True,
    )
    weights = torch.from_numpy(class_weights(face_set)) if recipe.training.class_weights == "balanced" else None
    lowest, highest = facts.get("value_range", (0.0, 255.0))
    module = TrainingModule(
        network,
        recipe,
        mean=facts["mean"],
        std=facts["std"],
        value_range=(lowest, highest),
        class_weights=weights,
    )
    (faces, _), validation = _split_as_tensors(face_set, "training"), _split_as_tensors(face_set, "validation")
    drawn = torch.from_numpy(sampling_weights(face_set.split("training")))
    probabilities = drawn if recipe.training.sampling == "level" else None
    data = SplitsInMemory((faces, targets), validation, recipe, probabilities=probabilities)
    resume = _find_checkpoint(run)
    with quiet_lightning():
        trainer = _build_trainer(run, recipe, precision=facts["precision"], console=console)
        try:
            trainer.fit(module, datamodule=data, ckpt_path=resume, weights_only=False)
        except SystemExit:  # Lightning's answer to Ctrl-C
            signal.signal(signal.SIGINT, signal.default_int_handler)
            console.print(f"stopped; go on with: mien train --resume {run.folder}", highlight=False, soft_wrap=True)
            raise KeyboardInterrupt from None


def _targets_of(run: RunFolder, recipe: Recipe, face_set: FaceSet) -> Targets:
    """Return what the training rows are to be answered with, if it is still what the run began with."""
    targets = build_targets(face_set, recipe.training.targets)
    # Votes are no part of the data's fingerprint.
    if run.facts.get("targets", targets.facts) != targets.facts:
        raise RunFolderError(f"{run.folder}: the votes are not those this run began with; start a new run instead")
    return targets


def _find_checkpoint(run: RunFolder) -> Path | None:
    """Return the checkpoint to go on from, if there is one and it is whole."""
    if not run.resume_file.exists():
        return None
    try:
        # The checkpoint is this run's own, so its pickled state may be loaded.
        torch.load(run.resume_file, map_location="cpu", weights_only=False)
    except Exception as fault:  # a cut pickle may raise anything
        raise RunFolderError(
            f"{run.resume_file} is damaged; delete it to start this run anew, or begin another"
        ) from fault
    return run.resume_file


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Keep Lightning's hints and tips to itself for a block; mien says what matters."""
    logger = logging.getLogger("lightning.pytorch")
    level = logger.level
    logger.setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="lightning")
        try:
            yield
        finally:
            logger.setLevel(level)


def _split_as_tensors(face_set: FaceSet, split: str) -> tuple[torch.Tensor, torch.Tensor]:
    part = face_set.split(split)
    return faces_as_tensor(part), torch.from_numpy(part.labels.copy())


def _build_trainer(run: RunFolder, recipe: Recipe, *, precision: str, console: "Console") -> Trainer:
    keep = KeepCurvesAndWeights(run)
    callbacks = [keep, *averaging_of(recipe), ShowProgress(console, keep), SaveToResume(run)]
    return build_trainer(recipe, precision=precision, callbacks=callbacks)


def averaging_of(recipe: Recipe) -> list[Callback]:
    """Return the callback that averages the weights, or none where the recipe does not."""
    if not recipe.training.average_decay:
        return []
    # Left to itself it would stay where the network is before it moves to the GPU, and copy all weights each step.
    device = "cuda" if torch.cuda.is_available() else None
    return [EMAWeightAveraging(device=device, decay=recipe.training.average_decay)]


def build_trainer(recipe: Recipe, *, precision: str, callbacks: list[Callback], **options: Any) -> Trainer:
    """Return Lightning's trainer as mien runs it; `mien bench` measures the same.

    Args:
        recipe: Gives the epochs.
        precision: ``bfloat16`` or ``float32``.
        callbacks: What happens around the epochs.
        options: Further arguments of the trainer.
    """
    optimizer = recipe.optimizer
    return Trainer(
        max_epochs=recipe.training.epochs,
        accumulate_grad_batches=optimizer.accumulate,
        gradient_clip_val=optimizer.clip_norm or optimizer.clip_value or None,
        gradient_clip_algorithm="value" if optimizer.clip_value else "norm",
        precision="bf16-mixed" if precision == "bfloat16" else "32-true",
        accelerator="auto",
        devices=1,
        callbacks=callbacks,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        reload_dataloaders_every_n_epochs=1,
        **options,
    )
