"""Whom the report judges: run folders, ensembles and records, each with what it answered and a name of its own."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mien.errors import MienError, ProtocolError
from mien.evaluation.ensemble import Ensemble, open_model
from mien.evaluation.judge import predict_for_choice
from mien.evaluation.protocol import figures_for_choice
from mien.evaluation.records import Record, judged_predictions, list_records, read_record, recompute
from mien.metrics.bootstrap import NUM_DRAWS
from mien.metrics.figures import Figures
from mien.metrics.predictions import Predictions
from mien.training.run_folder import RunFolder


@dataclass(frozen=True, eq=False)
class Answered:
    """What a model answered on one split.

    Args:
        predictions: The answers, calibrated.
        figures: Their figures.
        record: The record that they were sealed in, of a test split.
    """

    predictions: Predictions
    figures: Figures
    record: Record | None = None

    @property
    def label(self) -> str:
        """Name of the model and of the split."""
        return f"{self.figures.model}, {self.figures.split}"


@dataclass(frozen=True, eq=False)
class ReportedModel:
    """A model that is judged.

    Args:
        name: What the page calls it; no other model has this name.
        place: Its folder or record, as it was named.
        model: The run or the ensemble; None of a record alone.
        answered: By split: validation of a run, and test where a record of the same weights is there.
        remarks: What else must be known.
    """

    name: str
    place: Path
    model: RunFolder | Ensemble | None
    answered: tuple[Answered, ...]
    remarks: tuple[str, ...] = ()

    @property
    def runs(self) -> tuple[RunFolder, ...]:
        """The run itself, or the members of an ensemble."""
        if self.model is None:
            return ()
        return self.model.members if isinstance(self.model, Ensemble) else (self.model,)

    def on(self, split: str) -> Answered | None:
        """Return what it answered on a split, or None."""
        return next((each for each in self.answered if each.figures.split == split), None)


def gather_models(
    sources: Sequence[Path | str], *, results_folder: Path = Path("results"), num_draws: int = NUM_DRAWS
) -> list[ReportedModel]:
    """Return the models with what they answered: no test split is opened, figures on test come from records.

    A run whose figures on validation choose nothing, because it was trained on it or its data set has changed, has a
    remark instead.

    Args:
        sources: Folders of runs and ensembles, and records (``.json``).
        results_folder: Where the records lie that runs are looked up in.
        num_draws: Draws behind the bootstrap intervals on validation; those of records have 10,000.

    Raises:
        MienError: If no source is named, or one twice.
        RunFolderError: If a folder holds neither run nor ensemble, or no weights.
        ProtocolError: If a record was altered.
        DataError: If a data set cannot be read.
    """
    places = [Path(each) for each in sources]
    twice = [str(place) for place, count in Counter(place.resolve() for place in places).items() if count > 1]
    if twice or not places:
        raise MienError(f"a report names each model once; got {f'{twice[0]} twice' if twice else 'none'}")
    found = [_gather(place, results_folder=results_folder, num_draws=num_draws) for place in places]
    return [_rename(model, name) for model, name in zip(found, _name_all(found), strict=True)]


def _gather(place: Path, *, results_folder: Path, num_draws: int) -> ReportedModel:
    if place.suffix == ".json" and not place.is_dir():
        record = read_record(place)
        return ReportedModel(record.model, place, None, (_read_judged(record),))
    model = open_model(place)
    weights = model.weights_fingerprint()
    records = [each for each in list_records(results_folder) if each.content["weights_fingerprint"] == weights]
    answered, remarks = [], []
    try:
        predictions = predict_for_choice(model)
        answered.append(Answered(predictions, figures_for_choice(predictions, num_draws=num_draws)))
    except ProtocolError as error:
        remarks.append(str(error))
    if records:
        answered.append(_read_judged(records[-1]))
    if len(records) > 1:
        others = ", ".join(each.file.stem for each in records[:-1])
        remarks.append(f"Test was opened for these weights before: {others}. The last record is shown.")
    return ReportedModel(model.recipe.name, place, model, tuple(answered), tuple(remarks))


def _read_judged(record: Record) -> Answered:
    return Answered(judged_predictions(record), recompute(record), record)


def _name_all(models: Sequence[ReportedModel]) -> list[str]:
    """Return a name for each: its own, or that of its folder or record where others have the same, numbered at last."""
    counts = Counter(each.name for each in models)
    names = [
        each.name if counts[each.name] == 1 else each.place.stem if each.model is None else each.place.resolve().name
        for each in models
    ]
    free = []
    for name in names:
        number, unique = 1, name
        while unique in free:
            number += 1
            unique = f"{name} ({number})"
        free.append(unique)
    return free


def _rename(model: ReportedModel, name: str) -> ReportedModel:
    answered = tuple(
        replace(each, predictions=replace(each.predictions, model=name), figures=replace(each.figures, model=name))
        for each in model.answered
    )
    return replace(model, name=name, answered=answered)
