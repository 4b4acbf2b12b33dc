"""Running a campaign: what is missing is trained, seed by seed, and each run's figures are kept when it ends."""

import hashlib
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from lightning import Callback

from mien.errors import MienError
from mien.evaluation.judge import predict_for_choice
from mien.evaluation.predictors import load_predictor
from mien.evaluation.protocol import figures_for_choice
from mien.metrics.predictions import Predictions
from mien.studies.campaign import Campaign
from mien.studies.campaign_results import RunResult, current_results, read_results, results_file, write_results
from mien.training import RunFolder, resume_training, train
from mien.training.recipe import Recipe


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


def find_run(recipe: Recipe, *, runs_folder: Path) -> RunFolder | None:
    """Return the run folder of a recipe, finished ones first; None if there is none.

    Args:
        recipe: The recipe; its name and note do not count.
        runs_folder: Folder of all runs.
    """
    found = []
    for file in sorted(runs_folder.glob("*/recipe.json")):
        try:
            run = RunFolder.open(file.parent)
            if run.recipe.fingerprint == recipe.fingerprint:
                found.append(run)
        except MienError:  # a damaged folder, or one of an older recipe
            continue
    return next((run for run in found if run.is_finished), found[0] if found else None)


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
        rows_fingerprint=_rows_fingerprint(predictions),
    )


def _rows_fingerprint(predictions: Predictions) -> str:
    """Return what tells whether two runs were asked the same: SHA-256 over row ids and labels, however prepared."""
    asked = zip(predictions.row_ids.tolist(), predictions.labels.tolist(), strict=True)
    return hashlib.sha256("\n".join(f"{row_id} {label}" for row_id, label in asked).encode()).hexdigest()
