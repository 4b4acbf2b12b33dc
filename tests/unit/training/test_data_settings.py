import json
from typing import Any

import pytest

from mien.data.balancing import BALANCING
from mien.errors import RecipeError
from mien.training.data_settings import find_data_faults
from mien.training.recipe import Recipe, build_recipe, read_recipe


def build(**data: Any) -> Recipe:
    return build_recipe({"name": "some", "model": {"name": "vgg_se"}, "data": data})


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        ({"dataset": "fer2014"}, "data.dataset: unknown data set 'fer2014'; did you mean 'fer2013'?"),
        (
            {"dataset": "ferplus", "options": {"label": "majority"}},
            "data.options.label: unknown option; did you mean 'labels'?",
        ),
        (
            {"auxiliary": [{"dataset": "jafe"}]},
            "data.auxiliary.0.dataset: unknown data set 'jafe'; did you mean 'jaffe'?",
        ),
        ({"expressions": "sixx"}, "data.expressions: unknown vocabulary 'sixx'; did you mean 'six'?"),
        ({"clean": ["blanc"]}, "data.clean: no rule of cleaning is called 'blanc'; did you mean 'blank'?"),
        ({"prepare": ["embos"]}, "data.prepare: step 1: unknown operation 'embos'; did you mean 'emboss'?"),
        ({"options": 3, "clean": 3, "auxiliary": 3, "dataset": 3}, ""),
    ],
)
def test_find_data_faults_names_what_no_registry_knows(data: dict[str, Any], fault: str) -> None:
    assert find_data_faults(data) == ([fault] if fault else [])


@pytest.mark.parametrize(
    ("balance", "fault"),
    [
        (
            {"method": "over_samplin"},
            ".method: unknown balancing method 'over_samplin'; did you mean 'over_sampling'?",
        ),
        ({"method": "smote", "neighbour": 3}, ".neighbour: unknown key; did you mean 'neighbours'?"),
        ({"method": "smote", "before_splt": True}, ".before_splt: unknown key; did you mean 'before_split'?"),
        ({"method": "smote", "seed": 3}, ".seed: unknown key; known: before_split, counts, method, neighbours"),
        ({"method": "smote", "neighbours": 1.5}, ".neighbours: Input should be a valid integer, found 1.5"),
        ({"method": "smote", "counts": {"sad": "x"}}, ".counts.sad: Input should be a valid integer, found 'x'"),
        ({"neighbours": 3}, ".method: missing"),
        (3, ": Input should be a valid dictionary or instance of BalanceSettings, found 3"),
    ],
)
def test_balancing_that_cannot_be_is_named(balance: object, fault: str) -> None:
    with pytest.raises(RecipeError) as caught:
        build(balance=balance)
    assert str(caught.value) == f"recipe: 1 fault: data.balance{fault}"


@pytest.mark.parametrize(
    "given", [*({"method": method} for method in BALANCING.names()), {"method": "augmented", "flip": 1}], ids=str
)
def test_balancing_is_written_as_it_is_given(given: dict[str, Any]) -> None:
    """Fingerprints depend on it: a default that is not given is not written, and 1 does not become 1.0."""
    written = build(balance=given).model_dump(mode="json")["data"]["balance"]
    assert json.dumps(written, sort_keys=True) == json.dumps(
        {"counts": {}, "before_split": False, **given}, sort_keys=True
    )


def test_a_whole_section_survives_the_run_folder() -> None:
    recipe = build(
        dataset="ferplus",
        options={"labels": "arg_max"},
        expressions=["happy", "sad"],
        outside="drop",
        clean=["conflicting_labels", "no_face:yunet"],
        split={"validation": 0.2, "test": 0.1, "of": ["training"], "by_subject": False},
        auxiliary=[{"dataset": "ck_plus48", "path": "ck"}],
        prepare=["gamma_equalize", {"operation": "resize", "size_hw": [64, 64]}],
        balance={"method": "smote", "neighbours": 3, "counts": {"happy": 9}},
    )
    again = build_recipe(json.loads(recipe.model_dump_json()))
    assert again == recipe
    assert recipe.data.balance is not None
    assert recipe.data.balance.options == {"neighbours": 3}


def test_settings_can_be_changed_from_the_command_line(tiny_recipe_file: Any) -> None:
    changes = ['data.prepare=["emboss"]', "data.split.validation=0.2", "data.balance.method=over_sampling"]
    data = read_recipe(tiny_recipe_file, changes).data
    assert data.prepare == ("emboss",)
    assert data.split is not None
    assert data.split.validation == 0.2
    assert data.balance is not None
    assert data.balance.method == "over_sampling"
