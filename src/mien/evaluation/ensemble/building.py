"""Making an ensemble of runs: chosen by what they answer on validation, measured there, and written down."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from os.path import relpath
from pathlib import Path
from typing import Any

from mien.data import FaceSet
from mien.data.audit.copies import rows_with_copy_in
from mien.data.splits import deal_folds
from mien.data.vocabulary import name_against_rest
from mien.errors import DataError, ProtocolError
from mien.evaluation.ensemble.answers import Answers, gather_for_choice
from mien.evaluation.ensemble.choosing import find_chooser
from mien.evaluation.ensemble.combinations import WeightedMean
from mien.evaluation.ensemble.ensemble import Ensemble
from mien.evaluation.ensemble.predictor import pick_rows
from mien.evaluation.ensemble.recipe import EnsembleRecipe, MemberSettings
from mien.evaluation.ensemble.worth import Gain, MemberWorth, measure_gain, measure_members
from mien.evaluation.predict import predict_split
from mien.evaluation.predictors import order_run_views
from mien.metrics.predictions import Predictions
from mien.training.data_settings import DataSettings
from mien.training.forerunners import join_splits_seen
from mien.training.run_folder import RunFolder
from mien.training.training_data import read_training_data

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*")


@dataclass(frozen=True)
class BuiltEnsemble:
    """A new ensemble, and what was measured on the validation split when it was chosen.

    Args:
        ensemble: The ensemble, of the runs alone that have a say in it.
        accuracy: Its accuracy on the rows that chose it, 0 to 1, which judges nothing.
        num_rows: How many rows these are.
        members: What each run is to it, of all runs given.
        gain: What choosing on one half and judging on the other gave.
    """

    ensemble: Ensemble
    accuracy: float
    num_rows: int
    members: tuple[MemberWorth, ...]
    gain: Gain


def build_ensemble(
    runs: Sequence[RunFolder],
    *,
    method: str = "greedy",
    average: str = "probabilities",
    start_with: int = 0,
    views: Sequence[str] | None = None,
    name: str | None = None,
    ensembles_folder: Path = Path("ensembles"),
) -> BuiltEnsemble:
    """Choose an ensemble of runs on the validation split, measure it there and write it down.

    The rows, labels and classes are those of the first run's data; with the method ``tree`` those before one class was
    set against the rest.

    Args:
        runs: Two or more trained runs.
        method: One of `mien.evaluation.ensemble.choosing.METHODS`.
        average: What means are taken of, ``probabilities`` or ``logits``.
        start_with: For ``greedy``, how many of the best runs it begins with.
        views: Views that every run averages; None takes the recipes', which must be the same.
        name: What the ensemble is called; None names method and size.
        ensembles_folder: Folder of all ensembles.

    Raises:
        ProtocolError: If a run was trained on validation, the runs do not have the same rows, labels, classes, splits
            and protocol, or a tree cannot be made of them.
        DataError: If there are fewer than two different runs, method or name are unknown, or nothing can be chosen.
        RunFolderError: If a run has no weights.
        MienError: If the place cannot be written.
    """
    choose = find_chooser(method, average=average, start_with=start_with)
    if name is not None and not _NAME.fullmatch(name):
        raise DataError(f"{name!r} cannot name an ensemble; expected small letters, digits and _ . -")
    _check_runs(runs)
    data = runs[0].recipe.data
    if method == "tree":
        data = data.model_copy(update={"one_against_rest": "", "balance": None})
    views = _find_common_views(runs, views)
    face_set = read_training_data(data).face_set
    answers = _gather(runs, face_set, data, views=views)
    combination = choose(answers)
    halves = deal_folds(face_set.split("validation"), 2, of=("validation",)) == 1
    gain = measure_gain(answers, halves, choose)
    accuracy = float((answers.combine(combination).argmax(axis=1) == answers.labels).mean())
    members = tuple(measure_members(answers, combination, choose))
    used_combination, used = combination.without_idle()
    used_runs = [runs[number] for number in used]
    recipe = EnsembleRecipe(
        name=name or f"{method}-of-{len(used)}",
        data=data,
        method=method,
        views=views,
        combination=used_combination,
        members=tuple(_describe_member(run, ensembles_folder) for run in used_runs),
    )
    facts = _describe(used_runs, face_set) | {"validation_accuracy": accuracy, "half_against_half": gain.to_dict()}
    ensemble = Ensemble.create(ensembles_folder, recipe, facts=facts)
    return BuiltEnsemble(ensemble, accuracy, len(answers.labels), members, gain)


def measure_ensemble(ensemble: Ensemble) -> tuple[MemberWorth, ...]:
    """Return what each member is to an ensemble, on the validation rows that chose it.

    Accuracies without a member are those of ensembles chosen by the same method from the other members alone; a greedy
    one is chosen from nothing, whatever it began with.

    Args:
        ensemble: The ensemble.

    Raises:
        ProtocolError: If members or their data have changed.
        DataError: If the data set cannot be read.
    """
    recipe = ensemble.recipe
    face_set = read_training_data(recipe.data).face_set
    answers = _gather(ensemble.members, face_set, recipe.data, views=recipe.views)
    average = recipe.combination.average if isinstance(recipe.combination, WeightedMean) else "probabilities"
    return tuple(measure_members(answers, recipe.combination, find_chooser(recipe.method, average=average)))


def _gather(runs: Sequence[RunFolder], face_set: FaceSet, data: DataSettings, *, views: tuple[str, ...]) -> Answers:
    """Return what runs answered on the validation split of a data set."""
    predictions = [_predict(run, runs[0], face_set, data, views=views) for run in runs]
    answers = gather_for_choice(predictions, face_set.split("validation"))
    return replace(answers, names=tuple(run.name for run in runs))


def _check_runs(runs: Sequence[RunFolder]) -> None:
    seen: dict[str, RunFolder] = {}
    for run in runs:
        twin = seen.setdefault(run.weights_fingerprint(), run)
        if twin is not run:
            raise DataError(f"{run.folder} and {twin.folder} hold the same weights; name each model once")
    if len(runs) < 2:
        raise DataError(f"an ensemble is made of two runs or more; got {len(runs)}")
    protocols = {run.recipe.data.protocol for run in runs}
    if len(protocols) > 1:
        raise ProtocolError(f"the runs trained under the protocols {' and '.join(sorted(protocols))}; expected one")


def _find_common_views(runs: Sequence[RunFolder], views: Sequence[str] | None) -> tuple[str, ...]:
    found = {run.name: order_run_views(run, views) for run in runs}
    if len(set(found.values())) > 1:
        listed = "; ".join(f"{name} {', '.join(each)}" for name, each in found.items())
        raise ProtocolError(f"the runs average different views ({listed}); name those that all are to average")
    return found[runs[0].name]


def _predict(
    run: RunFolder, first: RunFolder, face_set: FaceSet, data: DataSettings, *, views: tuple[str, ...]
) -> Predictions:
    """Return what a run answers on the validation split of its own data, which must be that of the first run's."""
    own = face_set
    if run.recipe.data != data:
        own = read_training_data(run.recipe.data).face_set
        expression = run.recipe.data.one_against_rest if not data.one_against_rest else ""
        expected = name_against_rest(face_set.name, expression) if expression else face_set.name
        if own.name != expected:
            raise ProtocolError(f"{run.name} was trained on {own.name}; expected {expected}, as {first.name} was")
        _check_same_rows(run, own, face_set, first)
    return predict_split(run, own, "validation", views=views)


def _check_same_rows(run: RunFolder, own: FaceSet, face_set: FaceSet, first: RunFolder) -> None:
    """Refuse a run whose judged rows, or copies of them in training, are not those of the first run."""
    is_judged = face_set.splits != "training"
    judged = face_set.select(is_judged)
    pick_rows(own, judged, model=run.name)
    num_judged = int((own.splits != "training").sum())
    if num_judged != len(judged):
        raise ProtocolError(
            f"{run.name} holds out {num_judged:,} rows and {first.name} {len(judged):,}; expected the same"
        )
    with_copy = set(judged.row_ids[rows_with_copy_in(face_set, "training")[is_judged]].tolist())
    others = set(own.row_ids[rows_with_copy_in(own, "training") & (own.splits != "training")].tolist()) - with_copy
    if others:
        raise ProtocolError(
            f"{run.name} trained on copies of {len(others):,} judged rows that the data of {first.name} do not "
            "hold, so that figures would not tell them; name first a run whose data hold them all"
        )


def _describe_member(run: RunFolder, ensembles_folder: Path) -> MemberSettings:
    return MemberSettings(
        name=run.name,
        folder=Path(relpath(run.folder.resolve(), ensembles_folder.resolve() / "ensemble")).as_posix(),
        weights_fingerprint=run.weights_fingerprint(),
        recipe=run.recipe.model_dump(mode="json"),
    )


def _describe(runs: Sequence[RunFolder], face_set: FaceSet) -> dict[str, Any]:
    facts = [run.facts for run in runs]
    return {
        "data_set": face_set.name,
        "data_fingerprint": face_set.fingerprint,
        "expressions": list(face_set.expressions),
        "in_channels": facts[0]["in_channels"],
        "seed": facts[0]["seed"],
        "splits_seen": join_splits_seen([each["splits_seen"] for each in facts]),
        "is_leaky": any(each.get("is_leaky", False) for each in facts),
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
    }
