from typing import Any

import pytest

from mien.evaluation.ensemble.ensemble import Ensemble
from mien.evaluation.judged_model import JudgedModel
from mien.training import RunFolder

ASKED = [name for name in vars(JudgedModel) if not name.startswith("_")]


@pytest.mark.parametrize("kind", [RunFolder, Ensemble])
def test_each_kind_of_model_has_all_that_judging_asks(kind: type) -> None:
    fields: dict[str, Any] = getattr(kind, "__dataclass_fields__", {})
    assert {"folder", "recipe", "facts", "versions", "forerunners", "weights_fingerprint"} == set(ASKED)
    assert [name for name in ASKED if name not in fields and not hasattr(kind, name)] == []


def test_a_run_answers_what_judging_asks(tiny_run: RunFolder) -> None:
    model: JudgedModel = tiny_run
    assert {"data_fingerprint", "recipe_fingerprint", "splits_seen", "expressions", "seed"} <= set(model.facts)
    assert model.recipe.model_dump(mode="json")["name"] == model.recipe.name
    assert set(model.versions) >= {"python", "mien", "torch"}
    assert (model.weights_fingerprint(), list(model.forerunners)) == (tiny_run.weights_fingerprint(), [])
