import json
from typing import Any

import pytest

from mien.errors import RecipeError
from mien.training.losses import LOSSES
from mien.training.optimization_settings import LossSettings, OptimizerSettings, ScheduleSettings
from mien.training.optimizers import OPTIMIZERS
from mien.training.recipe import Recipe, build_recipe
from mien.training.schedules import SCHEDULES

SMALLEST = {"name": "some", "model": {"name": "vgg_se"}}
DEFAULT_RATES = {
    "sgd": 0.1,
    "asgd": 0.01,
    "adam": 1e-3,
    "adamw": 1e-3,
    "radam": 1e-3,
    "nadam": 2e-3,
    "rmsprop": 1e-3,
    "adadelta": 1.0,
    "adagrad": 0.01,
}


def recipe_with(optimizer: object = None, schedule: object = None, *, loss: object = None) -> Recipe:
    sections = {"optimizer": optimizer, "schedule": schedule, "loss": loss}
    return build_recipe({**SMALLEST, **{name: each for name, each in sections.items() if each is not None}})


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_each_optimizer_has_a_rate_of_its_own_unless_one_is_given(name: str) -> None:
    assert OptimizerSettings(name=name).learning_rate == DEFAULT_RATES[name]
    assert OptimizerSettings(name=name, learning_rate=0.5).learning_rate == 0.5


def test_options_are_whole_and_of_one_type() -> None:
    assert OptimizerSettings().options == {"momentum": 0.9, "nesterov": True}
    assert OptimizerSettings(momentum=0).options == {"momentum": 0.0, "nesterov": True}
    assert isinstance(OptimizerSettings(momentum=0).options["momentum"], float)
    assert OptimizerSettings(name="adam", betas=[0.8, 0.9]).options["betas"] == (0.8, 0.9)
    assert ScheduleSettings(name="step_list", rates=[[3, 0.1]]).options == {"rates": ((3, 0.1),)}


def test_recipes_from_before_are_written_as_they_were() -> None:
    """Fingerprints of the records depend on it."""
    written = recipe_with().model_dump(mode="json")
    assert written["optimizer"] == {
        "name": "sgd",
        "learning_rate": 0.1,
        "momentum": 0.9,
        "nesterov": True,
        "weight_decay": 5e-4,
    }
    assert written["schedule"] == {"name": "one_cycle", "warmup": 0.2}
    assert written["loss"] == {"name": "cross_entropy"}


def test_a_recipe_of_a_constant_rate_from_before_is_read() -> None:
    assert recipe_with(schedule={"name": "constant", "warmup": 0.2}) == recipe_with(schedule={"name": "constant"})


@pytest.mark.parametrize(
    "changed",
    [
        {"decay": "decoupled"},
        {"decay_on": "all"},
        {"clip_norm": 1.0},
        {"clip_value": 1.0},
        {"accumulate": 2},
        {"sharpness": 0.05},
        {"sharpness": 0.05, "adaptive_sharpness": True},
    ],
)
def test_what_came_later_is_written_where_it_is_set(changed: dict[str, Any]) -> None:
    recipe = recipe_with(changed)
    assert changed.items() <= recipe.model_dump()["optimizer"].items()
    assert recipe.fingerprint != recipe_with().fingerprint


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_written_optimizer_is_read_again(name: str) -> None:
    recipe = recipe_with({"name": name, "clip_norm": 2.0})
    assert build_recipe(json.loads(recipe.model_dump_json())) == recipe


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_written_schedule_is_read_again(name: str) -> None:
    options = {"rates": [[3, 0.01], [5, 0.001]]} if name == "step_list" else {}
    recipe = recipe_with(schedule={"name": name, "warmup_epochs": 1, **options})
    assert build_recipe(json.loads(recipe.model_dump_json())) == recipe


@pytest.mark.parametrize(
    ("optimizer", "schedule", "faults"),
    [
        ({"name": "sdg"}, None, ["optimizer.name: unknown optimizer 'sdg'; did you mean 'sgd'?"]),
        (None, {"name": "cosin"}, ["schedule.name: unknown schedule 'cosin'; did you mean 'cosine'?"]),
        ({"name": 3}, None, ["optimizer.name: Input should be a valid string, found 3"]),
        ({"learning_rate": -1}, None, ["optimizer.learning_rate: Input should be greater than 0, found -1"]),
        (
            {"learning_rate": float("inf")},
            None,
            ["optimizer.learning_rate: Input should be a finite number, found inf"],
        ),
        ({"momentum": 1.5}, None, ["optimizer.momentum: Input should be less than 1, found 1.5"]),
        ({"nesterov": "yes"}, None, ["optimizer.nesterov: Input should be a valid boolean, found 'yes'"]),
        ({"momentun": 0.5}, None, ["optimizer.momentun: unknown key; did you mean 'momentum'?"]),
        ({"lerning_rate": 0.5}, None, ["optimizer.lerning_rate: unknown key; did you mean 'learning_rate'?"]),
        ({"name": "adam", "betas": [0.9]}, None, ["optimizer.betas.1: missing"]),
        ({"name": "adam", "betas": [0.9, 1]}, None, ["optimizer.betas.1: Input should be less than 1, found 1"]),
        (
            {"decay": "none"},
            None,
            ["optimizer.decay: Input should be 'coupled' or 'decoupled', found 'none'"],
        ),
        ({"accumulate": 0}, None, ["optimizer.accumulate: Input should be greater than or equal to 1, found 0"]),
        (
            {"clip_norm": 1.0, "clip_value": 1.0},
            None,
            ["optimizer: clip_norm and clip_value are both set; expected one of them"],
        ),
        (
            {"sharpness": 0.05, "accumulate": 4},
            None,
            ["optimizer: sharpness seeks its point with each batch; expected accumulate = 1, not 4"],
        ),
        (
            {"adaptive_sharpness": True},
            None,
            ["optimizer: adaptive_sharpness needs a sharpness above 0, such as 0.05; set it, or leave both out"],
        ),
        (
            {"name": "adamw", "decay": "coupled"},
            None,
            ["optimizer: adamw is decoupled by itself; take adam for coupled decay"],
        ),
        (
            None,
            {"warmup_steps": 5, "warmup_epochs": 1.0},
            ["schedule: warmup_steps and warmup_epochs are both set; expected one of them"],
        ),
        (None, {"name": "step_list"}, ["schedule.rates: missing"]),
        (
            None,
            {"name": "step_list", "rates": [[3, -1.0]]},
            ["schedule.rates.0.1: Input should be greater than 0, found"],
        ),
        (None, {"name": "plateau", "metric": "loss"}, ["schedule.metric: Input should be 'validation_loss' or"]),
        (None, {"name": "constant", "factor": 0.1}, ["schedule.factor: unknown key"]),
        (
            {"name": "adagrad"},
            {"name": "super_convergence"},
            ["adagrad has no momentum that super_convergence could move; set schedule.cycle_momentum = false"],
        ),
        ({"momentum": 0.0}, {"name": "super_convergence"}, ["sgd has no momentum that super_convergence could move"]),
        (
            {"name": "adam", "learning_rate": -1, "amsgrd": True, "eps": 0},
            {"name": "cosine", "final_rate": -1},
            [
                "4 faults",
                "optimizer.learning_rate: Input should be greater than 0, found -1",
                "optimizer.amsgrd: unknown key; did you mean 'amsgrad'?",
                "optimizer.eps: Input should be greater than 0, found 0",
                "schedule.final_rate: Input should be greater than or equal to 0, found -1",
            ],
        ),
    ],
)
def test_faults_are_named_all_at_once(optimizer: object, schedule: object, faults: list[str]) -> None:
    with pytest.raises(RecipeError) as caught:
        recipe_with(optimizer, schedule)
    line = str(caught.value)
    assert "\n" not in line
    assert all(fault in line for fault in faults), line
    if not faults[0].endswith("faults"):
        assert line.startswith("recipe: 1 fault: ")


@pytest.mark.parametrize("optimizer", [{"name": "adam"}, {"name": "rmsprop", "momentum": 0.9}])
def test_momentum_cycles_where_there_is_one(optimizer: dict[str, Any]) -> None:
    assert recipe_with(optimizer, {"name": "super_convergence"}).optimizer.has_momentum


def test_momentum_need_not_cycle() -> None:
    assert recipe_with({"name": "adagrad"}, {"name": "super_convergence", "cycle_momentum": False})


@pytest.mark.parametrize("given", [{"name": name} for name in LOSSES] + [{"name": "focal", "gamma": 1.5}], ids=str)
def test_a_loss_is_written_as_it_is_given_and_read_again(given: dict[str, Any]) -> None:
    recipe = recipe_with(loss=given)
    assert recipe.model_dump(mode="json")["loss"] == given
    assert build_recipe(json.loads(recipe.model_dump_json())) == recipe


def test_a_whole_number_of_a_loss_stays_one() -> None:
    """Fingerprints depend on it."""
    assert recipe_with(loss={"name": "focal", "gamma": 1}).loss.model_dump_json() == '{"name":"focal","gamma":1}'


@pytest.mark.parametrize(
    ("loss", "fault"),
    [
        ({"name": "focl"}, "loss.name: unknown loss 'focl'; did you mean 'focal'?"),
        ({"name": "focal", "gama": 1.0}, "loss.gama: unknown key; did you mean 'gamma'?"),
        ({"name": "focal", "gamma": "x"}, "loss.gamma: Input should be a valid number, found 'x'"),
        ({"name": "focal", "gamma": -1.0}, "loss: gamma is -1.0; expected at least 0"),
        ({"name": "hinge", "penalty": -0.1}, "loss: penalty is -0.1; expected at least 0"),
        ({"name": "focal", "label_smoothing": 0.1}, "loss.label_smoothing: unknown key; known: gamma, name"),
        ({"gamma": 1}, "loss.gamma: unknown key; known: name"),
        ({"name": 3}, "loss.name: Input should be a valid string, found 3"),
    ],
)
def test_a_loss_that_cannot_be_is_named(loss: dict[str, Any], fault: str) -> None:
    with pytest.raises(RecipeError) as caught:
        recipe_with(loss=loss)
    assert str(caught.value) == f"recipe: 1 fault: {fault}"


def test_options_of_all_losses_are_left_to_training() -> None:
    assert LossSettings(name="hinge", penalty=0.5).options == {"penalty": 0.5}
    assert {"label_smoothing", "class_weights", "last_layer"} <= set(LossSettings.set_elsewhere)
