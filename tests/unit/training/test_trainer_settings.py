import pytest

from mien.errors import RecipeError
from mien.training.recipe import Recipe, build_recipe


def make_recipe(**trainer: object) -> Recipe:
    return build_recipe({"name": "some", "model": {"name": "vgg_se"}, "trainer": trainer})


def test_one_process_is_the_default() -> None:
    expected = {"accelerator": "auto", "devices": 1, "num_nodes": 1, "strategy": "auto"}
    assert make_recipe().trainer.model_dump() == expected


@pytest.mark.parametrize("devices", [0, "all", -1])
def test_devices_are_a_positive_number_or_auto(devices: object) -> None:
    with pytest.raises(RecipeError, match=r"1 fault: trainer\.devices: expected a positive number or 'auto', found"):
        make_recipe(devices=devices)
    assert make_recipe(devices="auto").trainer.devices == "auto"


@pytest.mark.parametrize(
    ("settings", "is_one"),
    [({}, True), ({"devices": 2}, False), ({"devices": "auto"}, False), ({"num_nodes": 2}, False)],
)
def test_is_one_process_where_one_machine_uses_one_device(settings: dict[str, object], is_one: bool) -> None:
    assert make_recipe(**settings).trainer.is_one_process == is_one


@pytest.mark.parametrize("settings", [{"strategy": "fsdp"}, {"accelerator": "abacus"}, {"num_nodes": 0}, {"nodes": 2}])
def test_what_lightning_is_not_asked_for_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(RecipeError, match=rf"1 fault: trainer\.{next(iter(settings))}: "):
        make_recipe(**settings)
