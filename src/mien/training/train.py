"""Training: from a recipe, or from the run folder of one that stopped."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from lightning import Callback, Trainer

from mien.data import FaceSet
from mien.errors import DataError, RunFolderError
from mien.training.batches import check_batch_size
from mien.training.callbacks import require_tensorboard
from mien.training.fit_estimator import fit_estimator
from mien.training.fit_network import fit_network
from mien.training.forerunners import inherit
from mien.training.precision import choose_precision
from mien.training.recipe import Recipe
from mien.training.run_folder import RunFolder, create_network, splits_seen_by
from mien.training.schedules import build_schedules
from mien.training.starting_weights import LEVELS, StartingWeights, begin_with, read_starting_weights
from mien.training.trainer import build_trainer, quiet_lightning
from mien.training.training_data import find_value_range, read_training_data
from mien.training.training_rows import build_training_rows

if TYPE_CHECKING:
    from rich.console import Console


def train(
    recipe: Recipe,
    *,
    runs_folder: Path = Path("runs"),
    console: "Console | None" = None,
    callbacks: Sequence[Callback] = (),
) -> RunFolder:
    """Train a network from scratch, or fit an estimator, and return the run folder.

    The weights kept as ``best`` are those of the epoch with the highest accuracy on the validation split; of an
    estimator there are no others. The test split is never touched. The same recipe, seed and machine give the same
    weights. Of several processes the first alone writes, prints and returns; the others end with the training.

    Args:
        recipe: Everything the run depends on.
        runs_folder: Folder of all runs.
        console: Where progress goes; None takes standard error.
        callbacks: What else happens around the epochs of a network, after all that is kept of them.

    Raises:
        DataError: If the data set cannot be read, training lacks a class, a batch cannot be made of it, it has no
            votes and the recipe's targets need them, or the teachers' predictions are not what its rows need.
        RecipeError: If this machine has not what the section ``[trainer]`` asks for, or the run is too short for its
            schedule.
        WeightsError: If the weights to begin with cannot be read or do not fit.
        TrainingError: If the loss or the weights cease to be finite.
        MienError: If the disk is full; what the last complete epoch left stands.
    """
    face_set = read_training_data(recipe.data).face_set
    if not recipe.data.allow_missing_classes:
        _refuse_missing_classes(face_set)
    pixels = face_set.split("training").faces
    facts: dict[str, Any] = {
        "mean": round(float(pixels.mean(dtype="float64")), 6),
        "std": round(float(pixels.std(dtype="float64")), 6),
        "in_channels": 1 if face_set.faces.ndim == 3 else 3,
        "size_hw": list(face_set.faces.shape[1:3]),
    }
    if pixels.dtype != np.uint8:
        facts["value_range"] = list(find_value_range(pixels))
    weights = read_starting_weights(recipe.finetuning.weights) if recipe.finetuning.weights else None
    forerunners = weights.forerunners if weights else ()
    if weights:
        facts |= _facts_of_start(weights, recipe, face_set, facts)
    if recipe.model.is_estimator:
        run = RunFolder.create(runs_folder, recipe, face_set, facts=facts)
        fit_estimator(run, recipe, face_set, console=_or_standard_error(console))
        return run
    precision, reason = choose_precision(recipe.training.precision, accelerator=recipe.trainer.accelerator)
    rows = build_training_rows(face_set, recipe)
    trainer = _prepare_trainer(recipe, precision=precision, num_training=len(rows))
    recipe.augmentation.check_size(*pixels.shape[1:3])
    facts |= {"precision": precision, "precision_reason": reason, "world_size": trainer.world_size}
    facts |= rows.facts
    if rows.soft_targets is not None:
        forerunners += rows.soft_targets.forerunners
    facts |= inherit(splits_seen_by(recipe), forerunners, face_set)
    new_run = RunFolder.create(runs_folder, recipe, face_set, facts=facts) if trainer.is_global_zero else None
    trainer.callbacks += callbacks  # type: ignore[attr-defined]
    console = _or_standard_error(console)
    return fit_network(
        new_run, recipe, face_set, rows=rows, facts=facts, trainer=trainer, console=console, weights=weights
    )


def _facts_of_start(
    weights: StartingWeights, recipe: Recipe, face_set: FaceSet, facts: dict[str, Any]
) -> dict[str, Any]:
    """Return what a run takes over from the weights it begins with, of faces of one scale their mean and deviation."""
    network = create_network(recipe, facts | {"expressions": face_set.expressions}, is_pretrained=False)
    has_new_head = recipe.finetuning.head == "new"
    # Tried here, where nothing is written yet, for what it raises if they do not fit.
    begin_with(network, weights, expressions=face_set.expressions, has_new_head=has_new_head)
    taken_over: dict[str, Any] = {"starting_weights": weights.facts}
    if weights.has_scale_of(facts.get("value_range", LEVELS)):
        taken_over |= {"mean": weights.mean, "std": weights.std}
    return taken_over


def _refuse_missing_classes(face_set: FaceSet) -> None:
    missing = [name for name, count in face_set.class_counts("training").items() if not count]
    if missing:
        raise DataError(
            f"{face_set.name}: no training picture of {', '.join(missing)}; add some, leave it out with "
            "data.expressions, or accept it with data.allow_missing_classes=true"
        )


def _or_standard_error(console: "Console | None") -> "Console":
    from rich.console import Console

    return console or Console(stderr=True)


def _check_schedule(recipe: Recipe, *, num_batches: int) -> None:
    """Raise where the run is too short for its schedule, so that it is said before there is a folder."""
    steps = math.ceil(num_batches / recipe.optimizer.accumulate)
    any_optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], momentum=0.9)
    build_schedules(any_optimizer, **dict(recipe.schedule), steps=steps * recipe.training.epochs, steps_per_epoch=steps)


def _prepare_trainer(recipe: Recipe, *, precision: str, num_training: int) -> Trainer:
    """Return the trainer, as yet without callbacks, when nothing stands in the way of a run."""
    if recipe.training.tensorboard:
        require_tensorboard()
    with quiet_lightning():
        trainer = build_trainer(recipe, precision=precision)
    batch_size = recipe.training.batch_size
    check_batch_size(batch_size, num_training=num_training, world_size=trainer.world_size)
    _check_schedule(recipe, num_batches=num_training // batch_size)
    return trainer


def resume_training(
    folder: Path,
    *,
    recipe: Recipe | None = None,
    console: "Console | None" = None,
    callbacks: Sequence[Callback] = (),
) -> RunFolder:
    """Go on with a run that stopped and return its folder; at most one epoch is lost, an estimator is fitted anew.

    Args:
        folder: The run folder.
        recipe: The recipe that the run is to be of; its section ``[trainer]`` says where to go on. None takes the
            run's own.
        console: Where progress goes; None takes standard error.
        callbacks: What else happens around the epochs of a network, after all that is kept of them.

    Raises:
        RunFolderError: If it is no run folder, the run is of another recipe, or the data, votes or teachers'
            predictions are not those it began with.
        DataError: If predictions of a teacher are not there any more.
    """
    run = RunFolder.open(folder)
    recipe = _same_recipe(run, recipe) if recipe else run.recipe
    face_set = read_training_data(recipe.data).face_set
    facts = run.facts
    if face_set.fingerprint != facts["data_fingerprint"]:
        raise RunFolderError(f"{folder}: the data set is not the one this run began with; start a new run instead")
    run.remove_partial_files()
    if recipe.model.is_estimator:
        fit_estimator(run, recipe, face_set, console=_or_standard_error(console))
        return run
    rows = build_training_rows(face_set, recipe)
    for what, name in (("targets", "votes"), ("teachers", "teachers' predictions")):  # no part of its fingerprint
        if what in facts and facts[what] != rows.facts[what]:
            raise RunFolderError(f"{folder}: the {name} are not those this run began with; start a new run instead")
    trainer = _prepare_trainer(recipe, precision=facts["precision"], num_training=len(rows))
    trainer.callbacks += callbacks  # type: ignore[attr-defined]
    weights = None if run.resume_file.exists() else _starting_weights_again(run, recipe)
    console = _or_standard_error(console)
    return fit_network(run, recipe, face_set, rows=rows, facts=facts, trainer=trainer, console=console, weights=weights)


def _starting_weights_again(run: RunFolder, recipe: Recipe) -> StartingWeights | None:
    """Return the weights of a run that stopped before its first epoch was complete, if they are still the same."""
    if not recipe.finetuning.weights:
        return None
    weights = read_starting_weights(recipe.finetuning.weights)
    if weights.weights_fingerprint != run.facts["starting_weights"]["weights_fingerprint"]:
        raise RunFolderError(
            f"{run.folder}: {weights.source} does not hold the weights this run began with; start a new run instead"
        )
    return weights


def _same_recipe(run: RunFolder, recipe: Recipe) -> Recipe:
    differences = recipe.find_differences(run.recipe)
    if not differences:
        return recipe
    more = f", and {len(differences) - 3} more" if len(differences) > 3 else ""
    raise RunFolderError(
        f"{run.folder}: a run of another recipe: {'; '.join(differences[:3])}{more}; start a new run, or go on with "
        f"its own recipe: mien train --resume {run.folder}"
    )
