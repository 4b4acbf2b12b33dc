"""What the trials of a search gave: kept as one CSV file, printed as a table, and the best among them."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from optuna import Study
from optuna.trial import FrozenTrial, TrialState

from mien.errors import SearchError
from mien.evaluation.tables import percent
from mien.settings import parse_setting, to_toml
from mien.studies.search.run_trial import CHANGES, FINGERPRINT, REFUSED
from mien.studies.search.search import Search
from mien.writing import write_atomically

_FIGURES = ("accuracy", "parameters", "latency_ms", "seconds")


@dataclass(frozen=True)
class TrialResult:
    """What one trial gave on the validation split.

    Args:
        number: Its number, from 0.
        state: ``complete``, ``pruned`` (ended early) or ``refused`` (not trained, or not to the end).
        accuracy: Share of the rows answered rightly, 0 to 1; of a pruned one that of its last epoch. NaN if none.
        parameters: Parameters of the network; NaN if they were not counted.
        latency_ms: Time for one picture on one core; NaN if it was not measured.
        seconds: How long it took.
        changes: What it set, such as ``training.epochs=3``.
        reason: Why it was refused.
        recipe_fingerprint: Fingerprint of its recipe.
        is_best: Whether no other is better in one objective without being worse in another.
    """

    number: int
    state: str
    accuracy: float
    parameters: float
    latency_ms: float
    seconds: float
    changes: tuple[str, ...]
    reason: str
    recipe_fingerprint: str
    is_best: bool


def trial_results(study: Study) -> list[TrialResult]:
    """Return the results of all trials that ended, in the order of their numbers; those that stopped are none.

    Args:
        study: The search's trials.
    """
    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
    best = {trial.number for trial in study.best_trials}
    return [_to_result(trial, is_best=trial.number in best) for trial in trials]


def results_file(results_folder: Path, search: Search) -> Path:
    """Return where a search's results are kept.

    Args:
        results_folder: Folder of all results.
        search: The search.
    """
    return results_folder / "searches" / f"{search.name}.csv"


def write_results(file: Path, search: Search, results: Sequence[TrialResult]) -> None:
    """Write all results anew, whole or not at all; a column for each key of the space.

    Args:
        file: As `results_file` gives it.
        search: The search.
        results: What stands in it afterwards.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["trial", "state", *_FIGURES, *search.space, "reason", "recipe_fingerprint"])
    for result in results:
        figures = [getattr(result, name) for name in _FIGURES]
        writer.writerow(
            [
                result.number,
                result.state,
                *("" if math.isnan(figure) else f"{figure:.6g}" for figure in figures),
                *(_to_text(parse_setting(change)[1]) for change in result.changes),
                result.reason,
                result.recipe_fingerprint,
            ]
        )
    write_atomically(file, buffer.getvalue())


def find_best(results: Sequence[TrialResult], *, number: int | None = None) -> TrialResult:
    """Return the trial of the highest accuracy among those that no other beats.

    Args:
        results: As `trial_results` gives them.
        number: Number of a trial to take instead.

    Raises:
        SearchError: If no trial is complete, or not that one.
    """
    complete = [each for each in results if each.state == "complete" and number in (None, each.number)]
    if not complete:
        which = "no trial" if number is None else f"trial {number} is not"
        raise SearchError(f"{which} complete yet; go on with: mien search run")
    return max(complete, key=lambda each: (each.is_best or number is not None, each.accuracy))


def describe_result(result: TrialResult) -> str:
    """Return a trial as one line.

    Args:
        result: What it gave.
    """
    settings = _settings_text(result)
    if result.state == "refused":
        return f"trial {result.number}, {settings}: refused: {result.reason}"
    how = ", ended early" if result.state == "pruned" else ""
    cost = f"{result.parameters:,.0f} parameters"
    return f"trial {result.number}, {settings}: validation {percent(result.accuracy)}{how}, {cost}"


def count_line(results: Sequence[TrialResult]) -> str:
    """Return how many trials ended in which way, as one line.

    Args:
        results: As `trial_results` gives them.
    """
    states = [each.state for each in results]
    counts = [f"{states.count(state)} {state}" for state in ("complete", "pruned", "refused") if state in states]
    return f"trials: {', '.join(counts) or 'none has ended yet'}"


def search_rows(results: Sequence[TrialResult], *, num_rows: int = 10) -> list[list[str]]:
    """Return the best trials as rows of text, the header first: those that no other beats, then by accuracy.

    Args:
        results: As `trial_results` gives them.
        num_rows: Most rows but for those that no other beats, which are all there.
    """
    trained = [each for each in results if each.state != "refused"]
    order = sorted(trained, key=lambda each: (not each.is_best, each.state != "complete", -each.accuracy))
    shown = order[: max(num_rows, sum(each.is_best for each in order))]
    return [["settings", "trial", "state", "accuracy", "parameters", "latency"], *map(_to_row, shown)]


def _to_row(result: TrialResult) -> list[str]:
    return [
        _settings_text(result),
        str(result.number),
        "best" if result.is_best else result.state,
        percent(result.accuracy),
        "" if math.isnan(result.parameters) else f"{result.parameters:,.0f}",
        "" if math.isnan(result.latency_ms) else f"{result.latency_ms:.2f} ms",
    ]


def _settings_text(result: TrialResult) -> str:
    """Return what a trial set as a person reads it: numbers with four digits, words without quotes."""
    settings = map(parse_setting, result.changes)
    return " ".join(
        f"{key}={f'{value:.4g}' if isinstance(value, float) else _to_text(value)}" for key, value in settings
    )


def _to_text(value: object) -> str:
    return value if isinstance(value, str) else to_toml(value)


def _to_result(trial: FrozenTrial, *, is_best: bool) -> TrialResult:
    known = trial.user_attrs
    state = "refused" if REFUSED in known else "complete" if trial.state == TrialState.COMPLETE else "pruned"
    last_report = trial.values[0] if state == "pruned" and trial.values else math.nan
    return TrialResult(
        number=trial.number,
        state=state,
        accuracy=known.get("accuracy", last_report),
        parameters=known.get("parameters", math.nan),
        latency_ms=known.get("latency_ms", math.nan),
        seconds=trial.duration.total_seconds() if trial.duration else math.nan,
        changes=tuple(known.get(CHANGES, ())),
        reason=known.get(REFUSED, ""),
        recipe_fingerprint=known.get(FINGERPRINT, ""),
        is_best=is_best,
    )
