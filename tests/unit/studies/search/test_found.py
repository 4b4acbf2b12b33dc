from collections.abc import Callable
from pathlib import Path

import pytest

from mien.studies.campaign import read_campaign
from mien.studies.search.found import write_best, write_campaign
from mien.studies.search.search import Search
from mien.studies.search.search_results import TrialResult
from mien.training import read_recipe


@pytest.fixture
def found() -> TrialResult:
    """A trial that found something."""
    return TrialResult(
        number=7,
        state="complete",
        accuracy=0.5,
        parameters=43_501,
        latency_ms=1.5,
        seconds=2.5,
        changes=("model.width=6", 'training.views=["plain"]', 'data.clean=["blank"]'),
        reason="",
        recipe_fingerprint="recipe",
        is_best=True,
    )


def test_the_best_recipe_is_the_default_with_what_was_found_in_full(
    make_search: Callable[..., Search], found: TrialResult, tmp_path: Path
) -> None:
    search = make_search(question='Which\n"rate"?')
    file = tmp_path / "new" / "best.toml"
    write_best(file, search, found)
    recipe = read_recipe(file)
    assert recipe.fingerprint == read_recipe(search.recipe, found.changes).fingerprint
    assert (recipe.name, recipe.training.epochs) == ("rates-best", 2)
    assert file.read_text().startswith("# Trial 7 of the search 'rates': Which \"rate\"?\n")


def test_the_best_recipe_keeps_tables_inside_of_sections(
    make_search: Callable[..., Search], found: TrialResult, tmp_path: Path
) -> None:
    search = make_search()
    search.recipe.write_text(
        search.recipe.read_text().replace(
            "[model]",
            'prepare = ["clahe", { operation = "resize", size_hw = [40, 40] }]\n'
            'balance = { method = "over_sampling", counts = { happy = 20 } }\n[model]',
        )
    )
    write_best(tmp_path / "best.toml", search, found)
    assert read_recipe(tmp_path / "best.toml").fingerprint == read_recipe(search.recipe, found.changes).fingerprint


def test_the_campaign_compares_what_was_found_with_the_default(
    make_search: Callable[..., Search], found: TrialResult, tmp_path: Path
) -> None:
    search = make_search()
    file = tmp_path / "campaigns" / "rates-best.toml"
    write_campaign(file, search, found)
    campaign = read_campaign(file)
    assert (campaign.name, campaign.baseline, campaign.seeds) == ("rates-best", "default", (0, 1, 2))
    default, best = (campaign.recipe_of(variant, 2) for variant in ("default", "found"))
    assert default.fingerprint == read_recipe(search.recipe, ["training.seed=2"]).fingerprint
    assert best.fingerprint == read_recipe(search.recipe, [*found.changes, "training.seed=2"]).fingerprint
    assert 'recipe = "../tiny.toml"' in file.read_text()
