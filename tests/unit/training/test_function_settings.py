from typing import Annotated, Any

import pytest
from pydantic import Field, ValidationError

from mien.errors import MienError
from mien.training.function_settings import UNKNOWN, FunctionSettings


def round_shape(place: int, *, radius: Annotated[float, Field(gt=0)] = 1.0, colour: str = "red", seed: int) -> None:
    """Have an option, an own key of the section, and what is set elsewhere."""


def long_shape(*, sides: Annotated[tuple[int, int], Field(strict=False)]) -> None:
    """Have an option without a default."""


SHAPES = {"round": round_shape, "long": long_shape}


class ShapeSettings(FunctionSettings):
    kind = "shape"
    functions = SHAPES
    set_elsewhere = ("seed",)
    later = ("is_filled",)
    name: str = "round"
    colour: str = "black"
    is_filled: bool = False


class GivenSettings(FunctionSettings):
    kind = "shape"
    functions = SHAPES
    set_elsewhere = ("seed",)
    key = "shape"
    writes_defaults = False
    shape: str


def faults(settings: type[FunctionSettings], given: dict[str, Any]) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        settings.model_validate(given)
    return [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in caught.value.errors()]


def test_options_that_are_not_given_are_the_functions() -> None:
    assert ShapeSettings().options == {"radius": 1.0}
    assert ShapeSettings(radius=2).options == {"radius": 2.0}
    assert ShapeSettings(name="long", sides=[1, 2]).options == {"sides": (1, 2)}


def test_an_own_key_has_the_functions_default_where_it_has_one() -> None:
    assert ShapeSettings().colour == "red"
    assert ShapeSettings(colour="blue").colour == "blue"
    assert ShapeSettings(name="long", sides=[1, 2]).colour == "black"


def test_own_keys_that_came_later_are_written_where_they_are_set() -> None:
    assert ShapeSettings().model_dump() == {"name": "round", "colour": "red", "radius": 1.0}
    assert ShapeSettings(is_filled=True).model_dump()["is_filled"] is True


def test_what_is_written_is_read_again() -> None:
    for settings in (ShapeSettings(radius=3), GivenSettings(shape="long", sides=[1, 2])):
        assert type(settings).model_validate(settings.model_dump()) == settings


@pytest.mark.parametrize("given", ["", ',"radius":2', ',"radius":2.5'])
def test_without_defaults_options_are_written_as_they_are_given(given: str) -> None:
    text = f'{{"shape":"round"{given}}}'
    assert GivenSettings.model_validate_json(text).model_dump_json() == text


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"name": "rund"}, ["name: unknown shape 'rund'; did you mean 'round'?"]),
        ({"radus": 1.0}, ["radus: unknown key; did you mean 'radius'?"]),
        ({"color": "red"}, ["color: unknown key; did you mean 'colour'?"]),
        ({"sides": [1, 2]}, ["sides: unknown key; known: colour, is_filled, name, radius"]),
        ({"seed": 1}, ["seed: unknown key; known: colour, is_filled, name, radius"]),
        ({"place": 1}, ["place: unknown key; known: colour, is_filled, name, radius"]),
        ({"radius": 0}, ["radius: Input should be greater than 0"]),
        ({"radius": float("inf")}, ["radius: Input should be a finite number"]),
        ({"radius": True}, ["radius: Input should be a valid number"]),
        ({"name": "long"}, ["sides: Field required"]),
        ({"name": "long", "sides": [1, 2.5]}, ["sides.1: Input should be a valid integer"]),
        ({"name": 3, "radus": 1}, ["name: Input should be a valid string"]),
        (
            {"colour": 3, "radius": -1, "radus": 1},
            [
                "colour: Input should be a valid string",
                "radius: Input should be greater than 0",
                "radus: unknown key; did you mean 'radius'?",
            ],
        ),
        (
            {"name": "rund", "colour": 3},
            ["colour: Input should be a valid string", "name: unknown shape 'rund'; did you mean 'round'?"],
        ),
    ],
    ids=str,
)
def test_all_faults_are_named_with_their_keys(given: dict[str, Any], expected: list[str]) -> None:
    assert faults(ShapeSettings, given) == expected


def test_unknown_names_and_keys_have_a_type_of_their_own() -> None:
    with pytest.raises(ValidationError) as caught:
        ShapeSettings.model_validate({"radus": 1})
    assert [each["type"] for each in caught.value.errors()] == [UNKNOWN]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"shape": "rund"}, ["shape: unknown shape 'rund'; did you mean 'round'?"]),
        ({"shape": "round", "radius": 0}, ["radius: Input should be greater than 0"]),
        ({"radius": 0}, ["shape: Field required"]),
    ],
    ids=str,
)
def test_the_key_that_names_the_function_may_be_another(given: dict[str, Any], expected: list[str]) -> None:
    assert faults(GivenSettings, given) == expected


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(ValidationError, match="valid dictionary or instance of ShapeSettings"):
        ShapeSettings.model_validate(3)


def test_find_gives_the_function_or_the_closest_name() -> None:
    assert ShapeSettings.find("long") is long_shape
    with pytest.raises(MienError, match=r"^unknown shape 'lon'; did you mean 'long'\?$"):
        ShapeSettings.find("lon")
