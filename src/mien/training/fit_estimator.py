"""Fitting an estimator in one go; `mien.training.train` calls it where a recipe names one."""

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from mien.data import FaceSet
from mien.models import Estimator, compute_log_probabilities, create_estimator
from mien.training.recipe import Recipe
from mien.training.run_folder import RunFolder

if TYPE_CHECKING:
    from rich.console import Console


def fit_estimator(run: RunFolder, recipe: Recipe, face_set: FaceSet, *, console: "Console") -> None:
    """Fit an estimator to the training split alone and save it as the run's ``best`` weights.

    The validation split is asked once, for the accuracy that is noted beside them. A run that was fitted already stays
    as it is.

    Args:
        run: The run folder.
        recipe: Its recipe, which names an estimator.
        face_set: The data set as the recipe gives it.
        console: Where progress goes.

    Raises:
        DataError: If the training split cannot be fitted: fewer than two classes, or faces too small.
        KeyboardInterrupt: On Ctrl-C, at once; the run can be fitted later.
    """

    def say(line: str) -> None:
        console.print(line, highlight=False, soft_wrap=True)

    if run.weights_file().exists():
        say(f"{run.folder}: fitted already; there is nothing to go on with")
        return
    counts = face_set.split_counts()
    say(
        f"{run.folder}: {recipe.model.name}, fitted in one go, "
        f"{counts['training']:,} faces train, {counts['validation']:,} choose"
    )
    estimator = create_estimator(recipe.model.name, **recipe.model.options)
    training = face_set.split("training")
    num_classes, seed = len(face_set.expressions), recipe.training.seed
    started = time.perf_counter()
    try:
        _run_aside(lambda: estimator.fit(training.faces, training.labels, num_classes=num_classes, seed=seed, say=say))
        accuracy = _validation_accuracy(estimator, face_set, recipe)
        state = {name: torch.from_numpy(array) for name, array in estimator.state().items()}
        run.save_weights(state, which="best", facts={"validation_accuracy": accuracy})
    except KeyboardInterrupt:
        say(f"stopped before it was fitted; fit with: mien train --resume {run.folder}")
        raise
    say(
        f"fitted in {time.perf_counter() - started:.0f} s: validation {accuracy:.2%}, "
        f"{estimator.num_parameters:,} numbers learned"
    )


def _validation_accuracy(estimator: Estimator, face_set: FaceSet, recipe: Recipe) -> float:
    validation = face_set.split("validation")
    scores = compute_log_probabilities(estimator, validation.faces, views=recipe.training.views)
    return float((scores.argmax(axis=1) == validation.labels).mean())


def _run_aside(work: Callable[[], None]) -> None:
    """Run work in a thread of its own and wait: a compiled solver hears no Ctrl-C for minutes, a waiting thread does.

    Raises:
        BaseException: Whatever the work raises.
    """
    faults: list[BaseException] = []

    def keep_faults() -> None:
        try:
            work()
        except BaseException as fault:
            faults.append(fault)

    # A daemon: when the program ends on Ctrl-C, what is left of the fit ends with it.
    thread = threading.Thread(target=keep_faults, name="fit", daemon=True)
    thread.start()
    thread.join()
    if faults:
        raise faults[0]
