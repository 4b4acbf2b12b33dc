import json
from typing import Any

import pytest

from mien.errors import RecipeError
from mien.training.model_settings import HeadSettings, find_model_faults
from mien.training.recipe import Recipe, build_recipe


def build(head: Any) -> Recipe:
    return build_recipe({"name": "some", "model": {"name": "vgg_se"}, "head": head})


def test_without_the_section_a_network_keeps_its_own_head() -> None:
    assert build_recipe({"name": "some", "model": {"name": "vgg_se"}}).head is None


def test_defaults_of_a_head() -> None:
    assert build({}).head == HeadSettings(
        pooling="average", hidden=(), dropout=0.0, dropout_at=("after",), normalization="none"
    )


def test_a_whole_head_survives_the_run_folder() -> None:
    head = {
        "pooling": "flatten",
        "hidden": [512, 128],
        "dropout": [0.2, 0.5],
        "dropout_at": ["before", "after"],
        "normalization": "group",
    }
    recipe = build(head)
    again = build_recipe(json.loads(recipe.model_dump_json()))
    assert again == recipe
    assert again.fingerprint != build({}).fingerprint


@pytest.mark.parametrize(
    ("head", "fault"),
    [
        ({"poling": "max"}, "head.poling: unknown key; did you mean 'pooling'?"),
        ({"pooling": "sum"}, "head: pooling is 'sum'; expected one of 'average', 'max', 'flatten'"),
        ({"hidden": [512.5]}, "head.hidden.0: Input should be a valid integer, found 512.5"),
        ({"hidden": ["512"]}, "head.hidden.0: Input should be a valid integer, found '512'"),
        ({"hidden": [0]}, r"head: hidden is \[0\]; expected a positive number of units for each layer"),
        ({"dropout": 1}, "head: dropout is 1.0; expected at least 0 and below 1"),
        ({"dropout": "much"}, "head.dropout.float: Input should be a valid number, found 'much'"),
    ],
)
def test_faults_of_a_head_come_with_the_recipe(head: dict[str, Any], fault: str) -> None:
    with pytest.raises(RecipeError, match=fault):
        build(head)


def test_a_head_means_nothing_to_an_estimator() -> None:
    with pytest.raises(RecipeError, match="head: means nothing to 'hog_lbp_svm', which is fitted in one go"):
        build_recipe({"name": "some", "model": {"name": "hog_lbp_svm"}, "head": {}})


@pytest.mark.parametrize(
    ("model", "faults"),
    [
        ({"name": "vgg_es"}, ["model.name: unknown model 'vgg_es'; did you mean 'vgg_se'?"]),
        ({"name": "vgg_se", "widht": 4}, ["model.widht: unknown option; did you mean 'width'?"]),
        ({"name": "vgg_se", "norm": "layer"}, ["model.norm is 'layer'; expected 'own' or 'group'"]),
        ({"name": "vgg_se", "output_activation": "sigmoid", "norm": "group"}, []),
        ({"name": 3}, []),
    ],
)
def test_find_model_faults(model: dict[str, Any], faults: list[str]) -> None:
    assert find_model_faults(model) == faults
