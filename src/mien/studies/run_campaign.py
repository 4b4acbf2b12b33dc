"""Running a campaign: what is missing is trained, seed by seed, and each run's figures are kept when it ends."""

import hashlib
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from mien.data import FaceSet
from mien.errors import MienError, RecipeError
from mien.evaluation.judge import predict_for_choice
from mien.evaluation.predictors import load_predictor
from mien.evaluation.protocol import figures_for_choice
from mien.metrics.predictions import Predictions
from mien.studies.campaign import Campaign
from mien.studies.campaign_results import RunResult, current_results, read_results, results_file, write_results
from mien.studies.foresight import check_may_be_chosen
from mien.studies.known_runs import fingerprint_start_of, train_or_go_on
from mien.training import RunFolder


def run_campaign(
    campaign: Campaign,
    *,
    runs_folder: Path = Path("runs"),
    results_folder: Path = Path("results"),
    budget_minutes: float = math.inf,
    say: Callable[[str], None] = lambda line: None,
) -> list[RunResult]:
    """Train what a campaign lacks and return its results, in the campaign's order.

    A run whose result is kept is not trained again, nor one that stands in the folder of runs; one that stopped goes
    on. All variants get the first seed before any gets the second, so that a campaign cut short compares alike.

    Args:
        campaign: The campaign.
        runs_folder: Folder of all runs.
        results_folder: Folder of all results.
        budget_minutes: No further run is begun after so long.
        say: Called with one line for each run.

    Raises:
        DataError: If a data set cannot be read.
        RecipeError: If a variant could not be chosen on validation for what it begins with; no run is trained then.
    """
    file = results_file(results_folder, campaign)
    started = time.monotonic()
    results = current_results(campaign, read_results(file))
    missing = [
        (variant, seed)
        for seed in campaign.seeds
        for variant in campaign.variants
        if (variant, seed) not in {(each.variant, each.seed) for each in results}
    ]
    _check_may_be_chosen(campaign, [variant for variant, _ in missing])
    for number, (variant, seed) in enumerate(missing, start=1):
        if time.monotonic() - started > 60 * budget_minutes:
            say(f"{len(missing) - number + 1} runs are left; the budget of {budget_minutes:g} minutes is spent")
            break
        say(f"run {number} of {len(missing)}: {variant}, seed {seed}")
        recipe = campaign.recipe_of(variant, seed)
        run = train_or_go_on(recipe, runs_folder=runs_folder)
        result = _measure(run, variant=variant, seed=seed)
        say(f"{variant}, seed {seed}: validation {result.accuracy:.2%}")
        results = current_results(campaign, [*results, result])
        write_results(file, results)
    return results


def _check_may_be_chosen(campaign: Campaign, variants: Sequence[str]) -> None:
    for variant in dict.fromkeys(variants):
        try:
            check_may_be_chosen(campaign.recipe_of(variant, campaign.seeds[0]))
        except MienError as fault:
            raise RecipeError(f"{campaign.name}: variant {variant!r}: {fault}") from None


def _measure(run: RunFolder, *, variant: str, seed: int) -> RunResult:
    predictions = predict_for_choice(run)
    figures = figures_for_choice(predictions)
    rows, without_copy = figures.all_rows, figures.rows_without_copy
    return RunResult(
        variant=variant,
        seed=seed,
        num_training=int(run.facts["split_counts"]["training"]),
        num_rows=rows.num_rows,
        accuracy=rows.accuracy,
        accuracy_without_copy=math.nan if without_copy is None else without_copy.accuracy,
        balanced_accuracy=rows.balanced_accuracy,
        macro_f1=rows.macro_f1,
        log_loss=rows.log_loss,
        num_parameters=load_predictor(run).num_parameters,
        precision=str(run.facts.get("precision", "")),
        recipe_fingerprint=run.recipe.fingerprint,
        weights_fingerprint=run.weights_fingerprint(),
        rows_fingerprint=fingerprint_rows(predictions),
        start_fingerprint=fingerprint_start_of(run),
    )


def fingerprint_rows(rows: Predictions | FaceSet) -> str:
    """Return what tells whether two runs were asked the same: SHA-256 over row ids and labels, however prepared.

    Args:
        rows: The rows, answered or not.
    """
    asked = zip(rows.row_ids.tolist(), rows.labels.tolist(), strict=True)
    return hashlib.sha256("\n".join(f"{row_id} {label}" for row_id, label in asked).encode()).hexdigest()
