import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from mien.errors import DataError, RecipeError
from mien.training.augmentation import AugmentationSettings
from mien.training.recipe import build_recipe

SMALLEST = {"name": "some", "model": {"name": "vgg_se"}}
FIRST = {
    "flip": 0.5,
    "rotation_degrees": 15.0,
    "scale": 0.15,
    "shift": 0.15,
    "erase": 0.5,
    "erase_pixels": [6, 20],
}
REPOSITORY = Path(__file__).resolve().parents[4]
RECORD = REPOSITORY / "results" / "official" / "fer2013" / "0001-compact.json"


def test_what_is_not_set_is_not_written() -> None:
    """Recipes of runs and records from before the other settings keep their text and their fingerprint."""
    assert AugmentationSettings().model_dump(mode="json") == FIRST
    written = json.loads(build_recipe(SMALLEST).model_dump_json())
    assert written["augmentation"] == FIRST
    set_to_its_default = {**SMALLEST, "augmentation": {"occlusion": 0.0, "fill": "black"}}
    assert build_recipe(set_to_its_default).fingerprint == build_recipe(SMALLEST).fingerprint


@pytest.mark.parametrize(
    "setting",
    [
        {"flip_vertical": 0.1},
        {"rotation_probability": 0.5},
        {"scale_probability": 0.5},
        {"shift_probability": 0.5},
        {"shear_degrees": 5.0},
        {"shear_probability": 0.5},
        {"fill": "mirror"},
        {"crop_pixels": 40},
        {"crop_probability": 0.5},
        {"crop_pixels": 40, "ten_crop": True},
        {"brightness": 0.2},
        {"brightness_probability": 0.5},
        {"contrast": 0.2},
        {"contrast_probability": 0.5},
        {"noise_deviation": 4.0},
        {"noise_probability": 0.5},
        {"occlusion": 0.2},
        {"occlusions": ["mask"]},
        {"erase_fill": "noise"},
        {"mixup": 0.4},
        {"cutmix": 1.0},
        {"mix_probability": 0.5},
        {"strength": "rising"},
        {"strength_epochs": 0.5},
    ],
)
def test_what_is_set_is_written_and_read_again(setting: dict[str, Any]) -> None:
    recipe = build_recipe({**SMALLEST, "augmentation": setting})
    written = json.loads(recipe.model_dump_json())
    assert written["augmentation"] == FIRST | setting
    assert build_recipe(written) == recipe
    assert recipe.fingerprint != build_recipe(SMALLEST).fingerprint


def test_the_recipe_of_a_record_from_before_is_read_and_written_alike() -> None:
    recipe = json.loads(RECORD.read_text())["recipe"]
    assert build_recipe(recipe).model_dump(mode="json")["augmentation"] == recipe["augmentation"]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"erase_pixels": [0, 3]}, r"augmentation: erase_pixels is \[0, 3\]; expected smallest and largest side"),
        ({"ten_crop": True}, "augmentation: ten_crop needs crop_pixels, the side of the crops, such as 40 of 48"),
        ({"occlusions": ["mask", "hat"]}, r"augmentation\.occlusions\.1: .*'glasses', 'mask' or 'hand', found 'hat'"),
        ({"occlusions": []}, r"augmentation\.occlusions: .*at least 1 item"),
        ({"fill": "white"}, r"augmentation\.fill: .*'black', 'edge', 'mirror' or 'mean', found 'white'"),
        ({"erase_fill": "edge"}, r"augmentation\.erase_fill: .*'grey', 'black', 'mean' or 'noise', found 'edge'"),
        ({"strength": "up"}, r"augmentation\.strength: .*'constant', 'rising' or 'falling', found 'up'"),
        ({"mixup": -1.0}, r"augmentation\.mixup: .*greater than or equal to 0, found -1\.0"),
        ({"occlusion": 1.5}, r"augmentation\.occlusion: .*less than or equal to 1, found 1\.5"),
        ({"noise_devation": 1.5}, r"augmentation\.noise_devation: unknown key; did you mean 'noise_deviation'"),
    ],
)
def test_a_fault_is_named_with_its_place(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        build_recipe({**SMALLEST, "augmentation": setting})


def test_crops_larger_than_the_pictures_are_refused() -> None:
    AugmentationSettings(crop_pixels=40).check_size(48, 40)
    message = r"augmentation\.crop_pixels is 40, and the training pictures are 48x39; expected 39 at most, or 0 to"
    with pytest.raises(DataError, match=message):
        AugmentationSettings(crop_pixels=40).check_size(48, 39)


@pytest.mark.parametrize(
    ("strength", "share", "expected"),
    [
        ("constant", 1.0, [1, 1, 1, 1, 1]),
        ("rising", 1.0, [0, 0.25, 0.5, 0.75, 1]),
        ("rising", 0.6, [0, 0.5, 1, 1, 1]),
        ("falling", 1.0, [1, 0.75, 0.5, 0.25, 0]),
        ("falling", 0.4, [1, 1, 1, 1, 0]),
        ("rising", 0.01, [0, 1, 1, 1, 1]),
    ],
)
def test_strength_goes_from_epoch_to_epoch(strength: str, share: float, expected: list[float]) -> None:
    settings = AugmentationSettings(strength=strength, strength_epochs=share, noise_deviation=10.0)
    assert [settings.at_epoch(epoch, epochs=5).noise_deviation for epoch in range(5)] == [
        pytest.approx(10 * each) for each in expected
    ]


def test_strength_scales_magnitudes_and_probabilities_but_no_flips_and_crops() -> None:
    full = AugmentationSettings(
        flip_vertical=0.2,
        shear_degrees=8.0,
        brightness=0.2,
        contrast=0.2,
        noise_deviation=4.0,
        occlusion=0.2,
        mixup=0.4,
        crop_pixels=40,
        strength="rising",
    )
    half = full.at_epoch(1, epochs=3)
    scaled = {name for name in type(full).model_fields if getattr(half, name) != getattr(full, name)}
    assert scaled == {
        *("rotation_degrees", "scale", "shift", "shear_degrees", "brightness", "contrast", "noise_deviation"),
        *("occlusion", "erase", "mix_probability"),
    }
    assert all(getattr(half, name) == pytest.approx(getattr(full, name) / 2) for name in scaled)


def test_the_documentation_lists_every_key_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(.+?)` \| .+ \|$", (REPOSITORY / "docs" / "training.md").read_text(), re.M)
    defaults = {name: field.default for name, field in AugmentationSettings.model_fields.items()}
    stated = {name: tomllib.loads(f"value = {text}")["value"] for name, text in rows if name in defaults}
    assert stated == {name: list(value) if isinstance(value, tuple) else value for name, value in defaults.items()}
