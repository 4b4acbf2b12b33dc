"""The run of a recipe: one that is there, if it began with what the recipe names now, or a new one."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from lightning import Callback

from mien.errors import MienError
from mien.evaluation.records import sha256_of
from mien.training import RunFolder, resume_training, train
from mien.training.recipe import Recipe
from mien.training.starting_weights import read_starting_weights


def train_or_go_on(recipe: Recipe, *, runs_folder: Path, callbacks: Sequence[Callback] = ()) -> RunFolder:
    """Return the finished run of a recipe: one that is there, one that stopped and goes on, or a new one.

    Args:
        recipe: The recipe.
        runs_folder: Folder of all runs.
        callbacks: What else happens around the epochs of a network.

    Raises:
        DataError: If the data set cannot be read.
    """
    run = find_run(recipe, runs_folder=runs_folder)
    if run is None:
        return train(recipe, runs_folder=runs_folder, callbacks=callbacks)
    return run if run.is_finished else resume_training(run.folder, callbacks=callbacks)


def find_run(recipe: Recipe, *, runs_folder: Path) -> RunFolder | None:
    """Return the run folder of a recipe, finished ones first; None if there is none.

    A run that began with other weights, or learned from other predictions, than those that the recipe's names stand for
    now is not one of it.

    Args:
        recipe: The recipe; its name and note do not count.
        runs_folder: Folder of all runs.
    """
    start, found = fingerprint_start(recipe), []
    for file in sorted(runs_folder.glob("*/recipe.json")):
        try:
            run = RunFolder.open(file.parent)
            if run.recipe.fingerprint == recipe.fingerprint and is_same_start(start, fingerprint_start_of(run)):
                found.append(run)
        except MienError:  # a damaged folder, or one of an older recipe
            continue
    return next((run for run in found if run.is_finished), found[0] if found else None)


def fingerprint_start(recipe: Recipe) -> str:
    """Return the SHA-256 over the starting weights and teachers' predictions that a recipe names, as they are now.

    Args:
        recipe: The recipe.

    Returns:
        The fingerprint; empty where the recipe names none, or one of them is not there or cannot be read.
    """
    weights = recipe.finetuning.weights
    predictions = () if recipe.distillation is None else recipe.distillation.predictions
    try:
        parts = [read_starting_weights(weights).weights_fingerprint] if weights else []
        return _join([*parts, *(sha256_of(Path(file)) for file in predictions)])
    except (MienError, OSError):
        return ""


def fingerprint_start_of(run: RunFolder) -> str:
    """Return the same over what a run began with and learned from; empty where that was nothing.

    Args:
        run: The run.

    Raises:
        RunFolderError: If its facts are damaged.
    """
    facts = run.facts
    parts = [facts["starting_weights"]["weights_fingerprint"]] if "starting_weights" in facts else []
    return _join([*parts, *(file["sha256"] for teacher in facts.get("teachers", ()) for file in teacher["files"])])


def is_same_start(one: str, other: str) -> bool:
    """Return whether two runs of one recipe may have begun with the same; what nobody knows counts as the same.

    Args:
        one: As `fingerprint_start` gives it.
        other: The same.
    """
    return "" in (one, other) or one == other


def _join(fingerprints: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(sorted(fingerprints)).encode()).hexdigest() if fingerprints else ""
