"""Cross-validation: a run for each fold, trained without it, and what all runs answer on theirs judged together."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mien.errors import RecipeError
from mien.evaluation.predict import apply_calibrator, fit_run_calibrator, predict_split
from mien.evaluation.protocol import check_may_judge
from mien.evaluation.tables import percent
from mien.metrics.figures import Figures, compute_figures
from mien.metrics.pooling import pool_predictions
from mien.metrics.predictions import Predictions
from mien.studies.foresight import check_may_be_judged
from mien.studies.known_runs import train_or_go_on
from mien.training import RunFolder
from mien.training.data_settings import FoldSettings
from mien.training.recipe import Recipe
from mien.training.training_data import read_training_data


@dataclass(frozen=True)
class CrossValidation:
    """What the runs of all folds answered on the rows that they had not seen.

    Args:
        folds: The answers on each fold, in order.
        pooled: All rows together, once each.
    """

    folds: tuple[Predictions, ...]
    pooled: Predictions

    @property
    def figures(self) -> Figures:
        """The figures on all rows together."""
        return compute_figures(self.pooled, kind="held_out")

    @property
    def accuracies(self) -> tuple[float, ...]:
        """The accuracy on each fold, 0 to 1."""
        return tuple(float(each.is_right.mean()) for each in self.folds)

    @property
    def spread_line(self) -> str:
        """Mean and standard deviation (that of a sample) of the folds' accuracies, as one line."""
        mean, deviation = float(np.mean(self.accuracies)), 100 * float(np.std(self.accuracies, ddof=1))
        return f"mean of {len(self.folds)} folds {percent(mean)}, standard deviation {deviation:.2f} points"

    def fold_rows(self) -> list[list[str]]:
        """Return the accuracy on each fold as rows of text, the header first."""
        numbered = enumerate(zip(self.folds, self.accuracies, strict=True), start=1)
        rows = [[str(number), f"{len(fold):,}", percent(accuracy)] for number, (fold, accuracy) in numbered]
        return [["fold", "rows", "accuracy"], *rows]


def cross_validate(
    recipe: Recipe, *, runs_folder: Path = Path("runs"), say: Callable[[str], None] = lambda line: None
) -> CrossValidation:
    """Train a run for each fold of a recipe, one after another, and return what each answers on its own fold.

    The runs are called ``NAME-fold1`` and so on. One that is finished is not trained again, one that stopped goes on.
    Each is calibrated on its own validation split. No record is written: these are no published test rows.

    Args:
        recipe: The recipe; the number of its `data.fold` does not count.
        runs_folder: Folder of all runs.
        say: Called with one line for each fold.

    Raises:
        RecipeError: If the recipe has no `data.fold`, or trains in several processes.
        DataError: If the data set cannot be read or dealt into so many folds, or teachers have not answered the rows
            that train in one of them.
        ProtocolError: If a run would begin with weights that may have seen the rows it is to be judged on, folds are to
            be dealt of a published test split, or the data changed since a run was trained.
    """
    fold = recipe.data.fold
    if fold is None:
        raise RecipeError(f"{recipe.name}: no folds to hold out; set data.fold.folds, such as data.fold.folds=5")
    if not recipe.trainer.is_one_process:
        raise RecipeError(
            f"{recipe.name}: folds are trained one after another in one process; leave out trainer.devices and "
            "trainer.num_nodes, or train each fold first by itself with data.fold.number=0 and so on"
        )
    recipes = [_hold_out(recipe, fold, number) for number in range(fold.folds)]
    # Starting weights are judged alike in every fold; teachers by the rows of each.
    for one in recipes if recipe.distillation else recipes[:1]:
        check_may_be_judged(one)
    folds = []
    for number, one in enumerate(recipes, start=1):
        run = train_or_go_on(one, runs_folder=runs_folder)
        folds.append(_predict_held_out(run))
        say(f"fold {number} of {fold.folds}: {run.folder}, accuracy {percent(float(folds[-1].is_right.mean()))}")
    return CrossValidation(tuple(folds), pool_predictions(folds, model=recipe.name))


def _hold_out(recipe: Recipe, fold: FoldSettings, number: int) -> Recipe:
    data = recipe.data.model_copy(update={"fold": fold.model_copy(update={"number": number})})
    return recipe.model_copy(update={"name": f"{recipe.name}-fold{number + 1}", "data": data})


def _predict_held_out(run: RunFolder) -> Predictions:
    """Return what a run answers on its fold, calibrated."""
    face_set = read_training_data(run.recipe.data).face_set
    check_may_judge(run.facts["splits_seen"], "test", model=run.recipe.name, data_set=face_set.name)
    return apply_calibrator(predict_split(run, face_set, "test"), fit_run_calibrator(run, face_set))
