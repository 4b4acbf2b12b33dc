import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from mien.errors import DataError
from mien.studies.campaign import Campaign, read_campaign
from mien.studies.campaign_results import (
    RunResult,
    compare_with_baseline,
    current_results,
    read_results,
    results_file,
    write_results,
)
from mien.studies.known_runs import fingerprint_start

Maker = Callable[..., RunResult]


@pytest.fixture
def campaign(campaign_file: Path) -> Campaign:
    return read_campaign(campaign_file)


def test_results_are_read_as_they_were_written(tmp_path: Path, campaign: Campaign, result: Maker) -> None:
    file = results_file(tmp_path, campaign)
    kept = [result("as it is", 0, 0.5), result("Wider (16)", 0, 0.625, accuracy_without_copy=0.25)]
    write_results(file, kept)
    assert (file, read_results(file)) == (tmp_path / "campaigns" / "widths.csv", kept)


def test_read_results_without_a_file_gives_none(tmp_path: Path) -> None:
    assert read_results(tmp_path / "none.csv") == []


def test_read_results_refuses_another_file(tmp_path: Path) -> None:
    file = tmp_path / "widths.csv"
    file.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"widths\.csv does not hold a campaign's results .*; take it out of the way"):
        read_results(file)


def test_current_results_leaves_out_those_of_another_recipe(campaign: Campaign, result: Maker) -> None:
    fingerprint = campaign.recipe_of("Wider (16)", 0).fingerprint
    kept = result("Wider (16)", 0, 0.5, recipe_fingerprint=fingerprint)
    outdated = [result("as it is", 0, 0.5), result("gone", 0, 0.5), result("as it is", 7, 0.5)]
    assert current_results(campaign, [*outdated, kept]) == [kept]


def test_read_results_takes_those_from_before_a_start_was_noted(
    tmp_path: Path, campaign: Campaign, result: Maker
) -> None:
    file = results_file(tmp_path, campaign)
    write_results(file, [result("as it is", 0, 0.5)])
    file.write_text("\n".join(line.rpartition(",")[0] for line in file.read_text().splitlines()))
    assert read_results(file) == [result("as it is", 0, 0.5)]


def test_current_results_leaves_out_those_that_began_with_other_weights(
    campaign: Campaign, result: Maker, tmp_path: Path
) -> None:
    weights = tmp_path / "weights.pt"
    torch.save({"a": torch.zeros(1)}, weights)
    campaign = campaign.model_copy(update={"variants": {"tuned": [f"finetuning.weights={weights}"]}})
    recipe = campaign.recipe_of("tuned", 0)
    kept = result("tuned", 0, 0.5, recipe_fingerprint=recipe.fingerprint, start_fingerprint=fingerprint_start(recipe))
    assert current_results(campaign, [kept]) == [kept]
    torch.save({"a": torch.ones(1)}, weights)
    assert current_results(campaign, [kept]) == []


def test_compare_with_baseline_pools_the_spread_over_seeds(campaign: Campaign, result: Maker) -> None:
    results = [
        result("as it is", 0, 0.50),
        result("as it is", 1, 0.52),
        result("Wider (16)", 0, 0.57),
        result("Wider (16)", 1, 0.61),
    ]
    wider = compare_with_baseline(campaign, results)["Wider (16)"]
    # Inside of the groups: 2 * 0.01**2 + 2 * 0.02**2 over 2 degrees of freedom; Student's quantile there is 4.302653.
    reach = 4.302653 * math.sqrt((2 * 0.01**2 + 2 * 0.02**2) / 2) * math.sqrt(1 / 2 + 1 / 2)
    assert wider.difference == pytest.approx(0.08)
    assert wider.interval == pytest.approx((0.08 - reach, 0.08 + reach), abs=1e-6)


def test_compare_with_baseline_gives_no_interval_with_one_seed(campaign: Campaign, result: Maker) -> None:
    results = [result("as it is", 0, 0.5), result("Wider (16)", 0, 0.6)]
    wider = compare_with_baseline(campaign, results)["Wider (16)"]
    assert (wider.difference, wider.interval) == (pytest.approx(0.1), None)


@pytest.mark.parametrize("asked", [("rows", "others"), ("others", "others")])
def test_compare_with_baseline_leaves_out_other_rows(campaign: Campaign, result: Maker, asked: tuple[str, str]) -> None:
    results = [result("as it is", 0, 0.5)]
    results += [result("Wider (16)", seed, 0.6, rows_fingerprint=rows) for seed, rows in enumerate(asked)]
    assert compare_with_baseline(campaign, results) == {}


def test_compare_with_baseline_needs_the_baseline(campaign: Campaign, result: Maker) -> None:
    assert compare_with_baseline(campaign, [result("Wider (16)", 0, 0.5)]) == {}
