import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mien.errors import RecipeError
from mien.training.data_settings import DataSettings
from mien.training.recipe import Recipe, TrainingSettings, build_recipe, read_recipe

RECIPES = sorted((Path(__file__).resolve().parents[3] / "recipes").glob("**/*.toml"))
SMALLEST = {"name": "some", "model": {"name": "vgg_se"}}


def test_every_recipe_file_parses(say_covered: Callable[[str], None]) -> None:
    say_covered(f"recipe files that parse: {len(RECIPES)}")
    assert len(RECIPES) > 0
    for file in RECIPES:
        assert read_recipe(file).name


def test_a_network_goes_by_what_a_study_calls_it_too() -> None:
    recipe = build_recipe({"name": "some", "model": {"name": "resnet50v2", "output_activation": "sigmoid"}})
    assert recipe.model.name == "resnet50v2"


def test_defaults_are_filled_in() -> None:
    recipe = build_recipe(SMALLEST)
    assert recipe.optimizer.nesterov
    assert (recipe.loss.name, recipe.loss.options, recipe.training.targets) == ("cross_entropy", {}, "labels")
    assert recipe.data.protocol == "official"
    assert recipe.training.views == ("plain", "flip")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": "some"}, r"model: missing"),
        ({"name": "Some Name", "model": {"name": "vgg_se"}}, r"name: String should match pattern"),
        ({**SMALLEST, "trainig": {}}, r"trainig: unknown key; did you mean 'training'"),
        ({**SMALLEST, "training": {"epoch": 3}}, r"training\.epoch: unknown key; did you mean 'epochs'"),
        ({**SMALLEST, "training": {"epochs": "3"}}, r"training\.epochs: Input should be a valid integer, found '3'"),
        ({**SMALLEST, "training": {"epochs": 0}}, r"training\.epochs: .*greater than or equal to 1, found 0"),
        (
            {**SMALLEST, "training": {"views": ["plain", "flop"]}},
            r"training\.views: unknown view 'flop'; expected plain or flip",
        ),
        ({**SMALLEST, "training": {"views": []}}, r"training\.views"),
        ({**SMALLEST, "training": {"views": ["plain", "plain"]}}, r"training\.views: views must be different ones"),
        (
            {"name": "some", "model": {"name": "vgg_se", "widht": 4}},
            r"model\.widht: unknown option; did you mean 'width'",
        ),
        (
            {"name": "some", "model": {"name": "vgg_se", "width": "abc"}},
            r"model\.width: expected a whole number, found 'abc'",
        ),
        (
            {"name": "some", "model": {"name": "vgg_se", "width": 4.5}},
            r"model\.width: expected a whole number, found 4\.5",
        ),
        (
            {"name": "some", "model": {"name": "vgg_se", "attention": "no"}},
            r"model\.attention: expected true or false, found 'no'",
        ),
        (
            {"name": "some", "model": {"name": "vgg_se", "width": True}},
            r"model\.width: expected a whole number, found True",
        ),
        ({"name": "some", "model": {"name": "vgg_se", "num_classes": 3}}, r"model\.num_classes: set by the data set"),
        ({"name": "some", "model": {"name": "vgg_se", "hidden": -3}}, r"model\.Trying to create tensor with negative"),
        ({**SMALLEST, "augmentation": {"flip": 1.5}}, r"augmentation\.flip: .*less than or equal to 1, found 1\.5"),
        ({**SMALLEST, "augmentation": {"erase_pixels": [9, 3]}}, r"augmentation: erase_pixels is \[9, 3\]; expected"),
        ({**SMALLEST, "optimizer": {"name": "sdg"}}, r"optimizer\.name: unknown optimizer 'sdg'; did you mean 'sgd'"),
        (
            {**SMALLEST, "data": {"split": {"validatoin": 0.1}}},
            r"data\.split\.validatoin: unknown key; did you mean 'vali",
        ),
        (
            {**SMALLEST, "data": {"auxiliary": [{"dataset": "jaffe", "pth": "x"}]}},
            r"data\.auxiliary\.0\.pth: unknown key; did you mean 'path'",
        ),
        ({**SMALLEST, "data": {"fold": {}}}, r"data\.fold\.folds: missing"),
        ({**SMALLEST, "data": {"fold": {"folds": 1}}}, r"data\.fold\.folds: .*greater than or equal to 2, found 1"),
        (
            {**SMALLEST, "data": {"fold": {"folds": 3, "number": 3}}},
            r"data\.fold: there is no fold 3 of 3; expected 0 to 2",
        ),
        (
            {**SMALLEST, "data": {"fold": {"folds": 3, "of": ["trainin"]}}},
            r"data\.fold\.of\.0: Input should be 'training'",
        ),
        (
            {**SMALLEST, "data": {"fold": {"folds": 3}, "split": {}}},
            r"data: split and fold both cut the splits; leave one of them out",
        ),
        ({**SMALLEST, "loss": {"name": "focl"}}, r"loss\.name: unknown loss 'focl'; did you mean 'focal'"),
        ({**SMALLEST, "loss": {"name": "focal", "gama": 1}}, r"loss\.gama: unknown key; did you mean 'gamma'"),
        ({**SMALLEST, "loss": {"name": "hinge", "penalty": -1}}, r"loss: penalty is -1; expected at least 0"),
        ({**SMALLEST, "loss": {"gamma": 1}}, r"loss\.gamma: unknown key"),
        ({**SMALLEST, "loss": {"name": 3}}, r"loss\.name: Input should be a valid string, found 3"),
        (
            {**SMALLEST, "training": {"targets": "vote"}},
            r"training\.targets: Input should be 'labels', 'majority', 'dra",
        ),
        (
            {**SMALLEST, "training": {"targets": "multi_target"}, "augmentation": {"mixup": 0.2}},
            "mixed pictures would lose their shares; leave out augmentation.mixup and cutmix, or take 'distribution'",
        ),
        ({**SMALLEST, "data": {"dataset": "fer2031"}}, r"data\.dataset: unknown data set 'fer2031'; did you mean"),
        ({"name": "some", "model": {"name": "vgg_es"}}, r"model\.name: unknown model 'vgg_es'; did you mean 'vgg_se'"),
    ],
)
def test_a_fault_is_named_with_its_place(settings: dict, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        build_recipe(settings)


def test_all_faults_come_at_once() -> None:
    settings = {"name": "a", "model": {"name": "vggse"}, "training": {"epochs": "x", "bach_size": 3}, "optimiser": {}}
    with pytest.raises(RecipeError, match="4 faults") as caught:
        build_recipe(settings)
    for part in ("training.epochs", "did you mean 'batch_size'", "did you mean 'optimizer'", "did you mean 'vgg_se'"):
        assert part in str(caught.value)


def test_faults_of_functions_come_with_all_others() -> None:
    """Of losses, balancing methods, optimizers, schedules and models, in one line."""
    settings = {
        "name": "some",
        "model": {"name": "vgg_se", "widht": 4},
        "data": {"dataset": "fer2031", "balance": {"method": "smote", "neighbour": 1}},
        "loss": {"name": "hinge", "penalty": -1},
        "optimizer": {"momentun": 0.5},
        "schedule": {"name": "cosin"},
        "training": {"epochs": 0},
    }
    with pytest.raises(RecipeError) as caught:
        build_recipe(settings)
    assert str(caught.value) == (
        "recipe: 7 faults: data.balance.neighbour: unknown key; did you mean 'neighbours'?; "
        "loss: penalty is -1; expected at least 0; "
        "optimizer.momentun: unknown key; did you mean 'momentum'?; "
        "schedule.name: unknown schedule 'cosin'; did you mean 'cosine'?; "
        "training.epochs: Input should be greater than or equal to 1, found 0; "
        "data.dataset: unknown data set 'fer2031'; did you mean 'fer2013'?; "
        "model.widht: unknown option; did you mean 'width'?"
    )


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    file = tmp_path / "some.toml"
    file.write_text("name = ")
    with pytest.raises(RecipeError, match=r"some\.toml: not a TOML file"):
        read_recipe(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"some\.toml does not exist; expected a recipe in TOML"):
        read_recipe(tmp_path / "some.toml")


def test_changes_reach_the_recipe(tiny_recipe_file: Path) -> None:
    changes = ["training.epochs=7", "model.width=8", "data.protocol=clean", "training.views=['plain']"]
    recipe = read_recipe(tiny_recipe_file, changes)
    assert recipe.training.epochs == 7
    assert recipe.model.options["width"] == 8
    assert recipe.data.protocol == "clean"
    assert recipe.training.views == ("plain",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("training.epochs", "'training.epochs' is no setting; expected section.key=value"),
        ("name.first=x", "'name' is a value, not a section"),
        ("training.epochs=many", "training.epochs: Input should be a valid integer"),
    ],
)
def test_changes_that_make_no_sense_are_refused(tiny_recipe_file: Path, change: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        read_recipe(tiny_recipe_file, [change])


def test_the_fingerprint_is_of_what_changes_the_outcome() -> None:
    recipe = build_recipe(SMALLEST)
    beside = {"name": "other", "note": "x", "trainer": {"devices": 2}, "training": {"tensorboard": True}}
    assert build_recipe({**SMALLEST, **beside}).fingerprint == recipe.fingerprint
    assert build_recipe({**SMALLEST, "training": {"seed": 1}}).fingerprint != recipe.fingerprint
    assert build_recipe({"name": "some", "model": {"name": "vgg_se", "width": 8}}).fingerprint != recipe.fingerprint


def test_the_fingerprint_is_of_the_class_against_the_rest_only_where_there_is_one() -> None:
    plain, empty, happy = (
        build_recipe({**SMALLEST, "data": data}).fingerprint
        for data in ({}, {"one_against_rest": ""}, {"one_against_rest": "happy"})
    )
    assert plain == empty != happy


def test_the_fingerprint_is_of_the_fold_held_out_too() -> None:
    folds = [build_recipe({**SMALLEST, "data": {"fold": {"folds": 2, "number": number}}}) for number in (0, 1)]
    assert len({each.fingerprint for each in (*folds, build_recipe(SMALLEST))}) == 3
    assert build_recipe(json.loads(folds[1].model_dump_json())) == folds[1]
    assert "fold" not in build_recipe(SMALLEST)._settings_that_matter()["data"]


def test_differences_are_named_with_both_values() -> None:
    recipe = build_recipe({"name": "some", "model": {"name": "vgg_se", "width": 8}, "training": {"seed": 1}})
    assert recipe.find_differences(build_recipe({**SMALLEST, "note": "x", "trainer": {"devices": 2}})) == [
        "model.width is 8 and was missing",
        "training.seed is 1 and was 0",
    ]
    assert recipe.find_differences(recipe) == []


@pytest.mark.parametrize(
    ("model", "fault"),
    [
        ({"name": "timm/resnett18"}, "model.name: unknown model 'timm/resnett18'; did you mean 'timm/resnet18'"),
        (
            {"name": "timm/resnet18", "pooling": "sum"},
            "model.pooling is 'sum'; expected one of 'own', 'average', 'max'",
        ),
    ],
)
def test_models_of_timm_are_checked_with_the_recipe(model: dict, fault: str) -> None:
    with pytest.raises(RecipeError, match=fault):
        build_recipe({"name": "a", "model": model})


def test_models_of_timm_are_taken_by_name() -> None:
    assert build_recipe({"name": "a", "model": {"name": "timm/resnet18"}}).model.name == "timm/resnet18"


CLASSICAL = {"name": "some", "model": {"name": "hog_lbp_svm"}}


def test_a_recipe_of_an_estimator_is_written_without_what_means_nothing_to_it() -> None:
    recipe = build_recipe({**CLASSICAL, "training": {"seed": 3}, "note": "x"})
    written = json.loads(recipe.model_dump_json())
    assert written == {
        "name": "some",
        "note": "x",
        "data": DataSettings().model_dump(mode="json"),
        "model": {"name": "hog_lbp_svm"},
        "training": {"views": ["plain", "flip"], "seed": 3},
    }
    assert build_recipe(written) == recipe
    assert recipe.model_dump(mode="json") == written
    assert recipe.model_dump(mode="json", exclude={"name", "training"}).keys() == {"note", "data", "model"}


def test_a_recipe_of_a_network_is_written_whole() -> None:
    recipe = build_recipe(SMALLEST)
    assert recipe.model_dump().keys() == set(Recipe.model_fields)
    assert recipe.model_dump()["training"].keys() == set(TrainingSettings.model_fields)
    assert build_recipe(json.loads(recipe.model_dump_json())) == recipe


def test_the_fingerprint_of_an_estimator_depends_on_what_it_depends_on() -> None:
    fingerprint = build_recipe(CLASSICAL).fingerprint
    assert build_recipe({**CLASSICAL, "training": {"seed": 1}}).fingerprint != fingerprint
    assert build_recipe({"name": "some", "model": {"name": "hog_lbp_svm", "lbp_grid": 4}}).fingerprint != fingerprint


@pytest.mark.parametrize(
    ("settings", "faults"),
    [
        ({"augmentation": {}}, ["augmentation"]),
        ({"optimizer": {"learning_rate": 0.1}, "schedule": {"name": "constant"}}, ["optimizer", "schedule"]),
        ({"training": {"epochs": 3, "batch_size": 128, "seed": 1}}, ["training.epochs", "training.batch_size"]),
    ],
)
def test_settings_that_mean_nothing_to_an_estimator_are_refused(settings: dict, faults: list[str]) -> None:
    reason = "means nothing to 'hog_lbp_svm', which is fitted in one go; leave it out"
    with pytest.raises(RecipeError) as caught:
        build_recipe({**CLASSICAL, **settings})
    count = f"{len(faults)} fault{'s' if len(faults) > 1 else ''}"
    assert str(caught.value) == f"recipe: {count}: " + "; ".join(f"{fault}: {reason}" for fault in faults)


def test_all_faults_of_an_estimators_recipe_come_at_once() -> None:
    settings = {
        "name": "some",
        "model": {"name": "hog_lbp_forest", "tres": 3},
        "schedule": {},
        "training": {"epoch": 1, "batch_size": "x"},
    }
    with pytest.raises(RecipeError) as caught:
        build_recipe(settings)
    assert str(caught.value) == (
        "recipe: 5 faults: training.batch_size: Input should be a valid integer, found 'x'; "
        "training.epoch: unknown key; did you mean 'epochs'?; "
        "model.tres: unknown option; did you mean 'trees'?; "
        "schedule: means nothing to 'hog_lbp_forest', which is fitted in one go; leave it out; "
        "training.batch_size: means nothing to 'hog_lbp_forest', which is fitted in one go; leave it out"
    )


@pytest.mark.parametrize(
    ("name", "suggestion"), [("hog_lbp_svn", "hog_lbp_svm"), ("deep_belief", "deep_belief_net"), ("vggse", "vgg_se")]
)
def test_unknown_models_are_suggested_from_networks_and_estimators(name: str, suggestion: str) -> None:
    with pytest.raises(RecipeError, match=f"model.name: unknown model '{name}'; did you mean '{suggestion}'"):
        build_recipe({"name": "some", "model": {"name": name}})


def test_changes_that_mean_nothing_to_an_estimator_are_refused(estimator_recipe_file: Path) -> None:
    with pytest.raises(
        RecipeError, match=r"classical\.toml: 1 fault: training\.epochs: means nothing to 'hog_lbp_svm'"
    ):
        read_recipe(estimator_recipe_file, ["training.epochs=3"])
