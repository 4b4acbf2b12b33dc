import pytest
from pydantic import ValidationError

from mien.errors import RecipeError
from mien.training.finetuning_settings import FinetuningSettings
from mien.training.recipe import build_recipe


def test_the_default_begins_from_nothing_and_trains_all_alike() -> None:
    assert FinetuningSettings().model_dump() == {
        "weights": "",
        "head": "auto",
        "freeze_epochs": 0,
        "backbone_rate": 1.0,
    }


def test_what_has_an_effect_without_weights_needs_none() -> None:
    settings = FinetuningSettings(freeze_epochs=2, backbone_rate=0.1)
    assert (settings.freeze_epochs, settings.backbone_rate) == (2, 0.1)
    assert FinetuningSettings(weights="compact", head="new").head == "new"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"head": "new"}, "head = 'new' needs weights, without which every head is new"),
        ({"head": "old"}, "Input should be 'auto' or 'new'"),
        ({"freeze_epochs": -1}, "greater than or equal to 0"),
        ({"backbone_rate": 0.0}, "greater than 0"),
        ({"weight": "compact"}, "Extra inputs are not permitted"),
    ],
)
def test_a_wrong_setting_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        FinetuningSettings(**changes)


def test_a_new_head_without_weights_is_one_fault_of_a_recipe_among_others() -> None:
    settings = {"name": "a", "model": {"name": "vgg_se"}, "finetuning": {"head": "new"}, "training": {"epochs": 0}}
    with pytest.raises(
        RecipeError, match=r"2 faults: finetuning: head = 'new' needs weights, .*; training\.epochs: "
    ) as caught:
        build_recipe(settings)
    assert "\n" not in str(caught.value)
