"""One trial of a search: drawn settings become a recipe, its cost is held against the limits, it is trained and judged.

Only the validation split is asked; nothing here opens a test split.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer
from optuna import Trial, TrialPruned
from optuna.trial import FrozenTrial, TrialState

from mien.errors import MienError, SearchError
from mien.evaluation.judge import choose
from mien.evaluation.predictors import load_predictor
from mien.models import Classifier, count_parameters
from mien.models.summary import measure_latency_ms
from mien.studies.foresight import check_may_be_chosen
from mien.studies.known_runs import fingerprint_start, is_same_start, train_or_go_on
from mien.studies.run_campaign import fingerprint_rows
from mien.studies.search.search import Search
from mien.studies.search.space import changes_of
from mien.studies.search.storage import FIRST_NUMBER
from mien.training.data_settings import DataSettings
from mien.training.module import TrainingModule
from mien.training.recipe import Recipe
from mien.training.run_folder import create_network
from mien.training.training_data import read_training_data
from mien.writing import WRITE_FAULTS

CHANGES, REFUSED, FINGERPRINT, RUN = "changes", "refused", "recipe_fingerprint", "run"
FIGURES = ("accuracy", "parameters", "latency_ms")
_START = "start_fingerprint"
_SECTIONS_OF_WHAT_WAS_SEEN = ("data", "finetuning", "distillation")


@dataclass(frozen=True)
class _Faces:
    """What a trial must know of the faces of a recipe.

    Args:
        settings: The recipe's section that they were read by.
        facts: What `create_network` asks of them.
        rows_fingerprint: Fingerprint of the validation rows.
    """

    settings: DataSettings
    facts: dict[str, Any]
    rows_fingerprint: str

    @property
    def size(self) -> tuple[int, int, int]:
        """Channels, height and width."""
        height, width = self.facts["size_hw"]
        return self.facts["in_channels"], height, width


class TrialRunner:
    """Trains and judges trials.

    Args:
        search: The search.
        runs_folder: Folder of all runs; those of the trials lie below it.

    Raises:
        DataError: If the data set of the search's recipe cannot be read.
        ProtocolError: If no trial could be chosen on validation, for what the recipe begins with.
    """

    def __init__(self, search: Search, *, runs_folder: Path) -> None:
        self.search = search
        self.folder = runs_folder / "searches" / search.name
        recipe = search.trial_recipe([], name=search.name)
        self._faces = _read_faces(recipe.data)
        self._rows_fingerprint = self._faces.rows_fingerprint
        self._asks_each_trial = any(key.partition(".")[0] in _SECTIONS_OF_WHAT_WAS_SEEN for key in search.space)
        if not self._asks_each_trial:
            check_may_be_chosen(recipe)

    def run(self, trial: Trial, *, others: Sequence[FrozenTrial]) -> list[float]:
        """Return what a trial reached, a number an objective; all that is known of it is noted in its attributes.

        Args:
            trial: The trial, its settings drawn.
            others: All trials of the search; one of the same recipe is not trained again.

        Raises:
            TrialPruned: If it was ended early, or refused: beyond a limit, or not to be trained with these settings.
            MienError: If nothing can be written, which is no fault of the settings.
        """
        changes = changes_of(self.search.space, trial.params)
        trial.set_user_attr(CHANGES, changes)
        try:
            figures = self._measure(trial, changes, others=others)
        except MienError as fault:
            if _is_of_the_disk(fault):
                raise
            trial.set_user_attr(REFUSED, str(fault))
            raise TrialPruned(str(fault)) from fault
        return [float(figures["latency_ms" if each == "latency" else each]) for each in self.search.objectives]

    def _measure(self, trial: Trial, changes: Sequence[str], *, others: Sequence[FrozenTrial]) -> dict[str, float]:
        number = trial.user_attrs.get(FIRST_NUMBER, trial.number)
        recipe = self.search.trial_recipe(changes, name=f"{self.search.name}-{number}")
        start = fingerprint_start(recipe)
        trial.set_user_attr(FINGERPRINT, recipe.fingerprint)
        trial.set_user_attr(_START, start)
        figures = _figures_of_same(recipe, others, start=start)
        if figures is None:
            self._check_may_be_compared(recipe)
            figures = {} if recipe.model.is_estimator else self._measure_costs(trial, recipe)
            figures |= self._train(trial, recipe, runs_folder=self.folder / str(number))
        _note(trial, figures)
        return figures

    def _check_may_be_compared(self, recipe: Recipe) -> None:
        """Refuse a trial that could not be chosen among the others."""
        if self._read_faces(recipe.data).rows_fingerprint != self._rows_fingerprint:
            raise SearchError(
                "its validation rows are not those of the search's recipe, so accuracies would not compare; set what "
                "cuts or drops them in changes, for all trials"
            )
        if self._asks_each_trial:
            check_may_be_chosen(recipe)

    def _measure_costs(self, trial: Trial, recipe: Recipe) -> dict[str, float]:
        """Return parameters, and where it is asked for the latency, of a network that was not trained yet."""
        faces = self._read_faces(recipe.data)

        def create() -> Classifier:
            return create_network(recipe, faces.facts, is_pretrained=False)

        with torch.device("meta"):
            costs: dict[str, float] = {"parameters": count_parameters(create())}
        self._note_cost(trial, costs)
        if self.search.asks_latency:
            costs["latency_ms"] = round(measure_latency_ms(create(), faces.size), 3)
            self._note_cost(trial, costs)
        return costs

    def _note_cost(self, trial: Trial, costs: dict[str, float]) -> None:
        _note(trial, costs)
        for name, limit in self.search.limits.model_dump().items():
            if limit is not None and costs.get(name, 0) > limit:
                raise SearchError(f"{name} {costs[name]:,}; the limit is {limit:,}")

    def _train(self, trial: Trial, recipe: Recipe, *, runs_folder: Path) -> dict[str, float]:
        report = ReportToTrial(trial)
        # Optuna takes no reports where there are several objectives.
        callbacks = [report] if len(self.search.objectives) == 1 else []
        run = train_or_go_on(recipe, runs_folder=runs_folder, callbacks=callbacks)
        trial.set_user_attr(RUN, run.name)
        run.resume_file.unlink(missing_ok=True)
        if report.is_pruned:
            raise TrialPruned
        accuracy = choose(run).all_rows.accuracy
        return {"accuracy": accuracy, "parameters": load_predictor(run).num_parameters}

    def _read_faces(self, settings: DataSettings) -> _Faces:
        """Return what is known of the faces; they are read anew where their settings changed."""
        if self._faces.settings != settings:
            self._faces = _read_faces(settings)
        return self._faces


class ReportToTrial(Callback):
    """Tells a trial the validation accuracy of each epoch, and ends the training where its pruner says so.

    Args:
        trial: The trial.
    """

    def __init__(self, trial: Trial) -> None:
        self.trial, self.is_pruned = trial, False

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Report, and ask whether to go on."""
        assert isinstance(pl_module, TrainingModule)
        epochs = trainer.current_epoch + 1
        self.trial.report(pl_module.validation_accuracy, epochs)
        if epochs < (trainer.max_epochs or 0) and self.trial.should_prune():
            self.is_pruned = trainer.should_stop = True


def _is_of_the_disk(fault: BaseException) -> bool:
    """Return whether the operating system refused to write: the next trial would fare no better."""
    is_itself = isinstance(fault, OSError) and fault.errno in WRITE_FAULTS
    return is_itself or (fault.__cause__ is not None and _is_of_the_disk(fault.__cause__))


def _read_faces(settings: DataSettings) -> _Faces:
    face_set = read_training_data(settings).face_set
    shape = face_set.faces.shape
    facts = {"expressions": face_set.expressions, "in_channels": shape[3] if len(shape) == 4 else 1}
    return _Faces(settings, facts | {"size_hw": shape[1:3]}, fingerprint_rows(face_set.split("validation")))


def _note(trial: Trial, figures: dict[str, float]) -> None:
    for name, figure in figures.items():
        trial.set_user_attr(name, figure)


def _figures_of_same(recipe: Recipe, others: Sequence[FrozenTrial], *, start: str) -> dict[str, float] | None:
    """Return the figures of a trial that was trained by the same recipe from the same start, or none."""
    for other in others:
        attributes: dict[str, Any] = other.user_attrs
        is_same = attributes.get(FINGERPRINT) == recipe.fingerprint and is_same_start(attributes.get(_START, ""), start)
        if other.state == TrialState.COMPLETE and is_same:
            return {name: attributes[name] for name in FIGURES if name in attributes}
    return None
