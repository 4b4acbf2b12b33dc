"""What the runs of a campaign gave on validation, kept as one CSV file, and what follows from them."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path

from mien.errors import DataError
from mien.studies.campaign import Campaign
from mien.studies.known_runs import fingerprint_start, is_same_start
from mien.training.recipe import Recipe
from mien.writing import write_atomically


@dataclass(frozen=True)
class RunResult:
    """What one run gave on the validation split.

    Args:
        variant: Name of the variant.
        seed: Seed of the run.
        num_training: Rows that trained it.
        num_rows: Rows it was asked about.
        accuracy: Share of them that it answered rightly, 0 to 1; so are the next two.
        accuracy_without_copy: The same on rows without an identical picture in training; NaN if there are none.
        balanced_accuracy: Mean recall of the classes.
        macro_f1: Mean F1 of the classes, 0 to 1.
        log_loss: Mean negative logarithm of the right class's probability.
        num_parameters: Parameters of the network.
        precision: What it was trained in.
        recipe_fingerprint: The recipe's fingerprint.
        weights_fingerprint: The weights' fingerprint.
        rows_fingerprint: Fingerprint of the rows it was asked about; figures compare only where these agree.
        start_fingerprint: Fingerprint of the weights and predictions that it began with and learned from; empty where
            there were none, or nobody noted it.
    """

    variant: str
    seed: int
    num_training: int
    num_rows: int
    accuracy: float
    accuracy_without_copy: float
    balanced_accuracy: float
    macro_f1: float
    log_loss: float
    num_parameters: int
    precision: str
    recipe_fingerprint: str
    weights_fingerprint: str
    rows_fingerprint: str
    start_fingerprint: str = ""


@dataclass(frozen=True)
class Difference:
    """By how much a variant's mean accuracy differs from the baseline's.

    Args:
        difference: In shares, -1 to 1.
        interval: Its 95 % interval over seeds: where the difference of other seeds' means would lie, on these very
            rows. None where no variant was trained with two seeds.
    """

    difference: float
    interval: tuple[float, float] | None


def results_file(results_folder: Path, campaign: Campaign) -> Path:
    """Return where a campaign's results are kept.

    Args:
        results_folder: Folder of all results.
        campaign: The campaign.
    """
    return results_folder / "campaigns" / f"{campaign.name}.csv"


def read_results(file: Path) -> list[RunResult]:
    """Return the results that a file holds; none if there is no file.

    Args:
        file: As `results_file` gives it.

    Raises:
        DataError: If it does not hold such results.
    """
    if not file.exists():
        return []
    try:
        with file.open(newline="", encoding="utf-8") as stream:
            return [_from_text(row) for row in csv.DictReader(stream)]
    except (KeyError, TypeError, ValueError, UnicodeDecodeError) as fault:
        raise DataError(f"{file} does not hold a campaign's results ({fault}); take it out of the way") from None


def write_results(file: Path, results: Sequence[RunResult]) -> None:
    """Write all results anew, whole or not at all.

    Args:
        file: As `results_file` gives it.
        results: What stands in it afterwards.
    """
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, [field.name for field in fields(RunResult)], lineterminator="\n")
    writer.writeheader()
    for result in results:
        row = asdict(result)
        writer.writerow({key: f"{value:.6f}" if isinstance(value, float) else value for key, value in row.items()})
    write_atomically(file, buffer.getvalue())


def current_results(campaign: Campaign, results: Sequence[RunResult]) -> list[RunResult]:
    """Return the results whose recipe is still the one of their variant and seed, in the campaign's order.

    What a recipe begins with must still be the same, too.

    Args:
        campaign: The campaign as it stands.
        results: All that are kept.
    """
    by_run = {(result.variant, result.seed): result for result in results}
    wanted = [(variant, seed) for variant in campaign.variants for seed in campaign.seeds]
    return [by_run[run] for run in wanted if run in by_run and _is_current(by_run[run], campaign.recipe_of(*run))]


def _is_current(result: RunResult, recipe: Recipe) -> bool:
    is_same_recipe = result.recipe_fingerprint == recipe.fingerprint
    return is_same_recipe and is_same_start(result.start_fingerprint, fingerprint_start(recipe))


def compare_with_baseline(campaign: Campaign, results: Sequence[RunResult]) -> Mapping[str, Difference]:
    """Return by variant how its mean accuracy differs from the baseline's, where both were asked the same rows.

    The interval is Student's, with the spread over seeds pooled over all variants, as in an analysis of variance.

    Args:
        campaign: The campaign.
        results: As `current_results` gives them.
    """
    groups = {name: [each for each in results if each.variant == name] for name in campaign.variants}
    spread, freedom = _pool_spread([[each.accuracy for each in group] for group in groups.values()])
    baseline = groups[campaign.baseline]
    asked = {each.rows_fingerprint for each in baseline}
    differences = {}
    for name, group in groups.items():
        is_comparable = baseline and group and {each.rows_fingerprint for each in group} == asked and len(asked) == 1
        if name == campaign.baseline or not is_comparable:
            continue
        difference = _mean_accuracy(group) - _mean_accuracy(baseline)
        interval = None
        if freedom:
            reach = _student_quantile(freedom) * spread * math.sqrt(1 / len(group) + 1 / len(baseline))
            interval = (difference - reach, difference + reach)
        differences[name] = Difference(difference, interval)
    return differences


def _pool_spread(groups: Sequence[Sequence[float]]) -> tuple[float, int]:
    """Return the standard deviation inside of groups, pooled, and its degrees of freedom."""
    squares, freedom = 0.0, 0
    for group in groups:
        mean = sum(group) / max(len(group), 1)
        squares += sum((value - mean) ** 2 for value in group)
        freedom += max(len(group) - 1, 0)
    return math.sqrt(squares / max(freedom, 1)), freedom


def _student_quantile(freedom: int) -> float:
    from scipy.stats import t

    return float(t.ppf(0.975, freedom))


def _mean_accuracy(results: Sequence[RunResult]) -> float:
    return sum(each.accuracy for each in results) / len(results)


def _from_text(row: Mapping[str, str]) -> RunResult:
    # No future annotations in this module: the fields' types are types.
    noted = [field for field in fields(RunResult) if field.name in row or field.default is MISSING]
    return RunResult(**{field.name: field.type(row[field.name]) for field in noted})  # type: ignore[operator]
