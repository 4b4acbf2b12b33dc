from typing import Any

import pytest
from pydantic import ValidationError

from mien.evaluation.ensemble.combinations import Stacking, Tree, WeightedMean
from mien.evaluation.ensemble.recipe import EnsembleRecipe, MemberSettings


def make_recipe(*, weights: tuple[float, ...] = (0.5, 0.5), second: str = "b", **changes: Any) -> EnsembleRecipe:
    members = tuple(
        MemberSettings(name=name, folder=f"../runs/{name}", weights_fingerprint=name * 64, recipe={"seed": 0})
        for name in ("a", second)
    )
    settings = {"name": "pair", "data": {}, "method": "equal", "views": ["plain"], "members": members}
    return EnsembleRecipe.model_validate({**settings, "combination": WeightedMean(weights=weights), **changes})


def test_the_weights_fingerprint_is_of_members_and_weights_alone() -> None:
    fingerprint = make_recipe().weights_fingerprint
    assert make_recipe(name="other", views=["flip"]).weights_fingerprint == fingerprint
    assert make_recipe(weights=(0.25, 0.75)).weights_fingerprint != fingerprint
    assert make_recipe(second="c").weights_fingerprint != fingerprint
    assert len(fingerprint) == 64


def test_the_recipe_fingerprint_is_of_all_but_names_and_places() -> None:
    fingerprint = make_recipe().fingerprint
    assert make_recipe(name="other").fingerprint == fingerprint
    assert make_recipe(views=["flip"]).fingerprint != fingerprint


@pytest.mark.parametrize(
    "combination",
    [
        WeightedMean(weights=(0.5, 0.5)),
        Stacking(coefficients=((1.0,) * 4, (0.0,) * 4), intercepts=(0.0, 0.0)),
        Tree(order=(1, 0, 2), members=(0, 1)),
    ],
)
def test_every_combination_comes_back_from_json(combination: Any) -> None:
    recipe = make_recipe(combination=combination)
    assert EnsembleRecipe.model_validate(recipe.model_dump(mode="json")) == recipe


def test_a_combination_of_others_is_refused() -> None:
    with pytest.raises(ValidationError, match="2 members, and a combination of 3"):
        make_recipe(weights=(0.5, 0.25, 0.25))
