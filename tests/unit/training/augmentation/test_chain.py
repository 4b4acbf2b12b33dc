import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.training.augmentation import AugmentationSettings, build_augmentation
from mien.training.batches import epoch_generator
from tests.unit.training.augmentation.conftest import NOTHING, augment, faces

EFFECTS: dict[str, dict[str, Any]] = {
    "flip": {"flip": 1.0},
    "flip_vertical": {"flip_vertical": 1.0},
    "rotation": {"rotation_degrees": 40.0},
    "scale": {"scale": 0.4},
    "shift": {"shift": 0.4},
    "shear": {"shear_degrees": 30.0},
    "crop": {"crop_pixels": 9},
    "brightness": {"brightness": 0.9},
    "contrast": {"contrast": 0.9},
    "noise": {"noise_deviation": 40.0},
    "occlusion": {"occlusion": 1.0},
    "erase": {"erase": 1.0, "erase_pixels": (3, 6)},
    "erase_black": {"erase": 1.0, "erase_pixels": (3, 6), "erase_fill": "black"},
    "erase_mean": {"erase": 1.0, "erase_pixels": (3, 6), "erase_fill": "mean"},
    "erase_noise": {"erase": 1.0, "erase_pixels": (3, 6), "erase_fill": "noise"},
}
CERTAIN = {"flip", "flip_vertical"}


def test_nothing_asked_for_changes_nothing() -> None:
    assert torch.equal(augment(faces()), faces().float())


def test_probabilities_of_nothing_change_nothing() -> None:
    magnitudes = {"rotation_degrees": 90.0, "scale": 0.5, "shift": 0.5, "shear_degrees": 40.0}
    light = {"brightness": 1.0, "contrast": 1.0, "noise_deviation": 50.0}
    names = ("rotation", "scale", "shift", "shear", "brightness", "contrast", "noise")
    probabilities = {f"{name}_probability": 0.0 for name in names}
    changed = augment(faces(), **magnitudes, **light, **probabilities)
    torch.testing.assert_close(changed, faces().float(), atol=1e-2, rtol=0)


@pytest.mark.parametrize("effect", sorted(EFFECTS))
def test_each_effect_changes_every_picture(effect: str) -> None:
    images = faces(40, size_hw=(14, 14))
    changed = augment(images, **EFFECTS[effect])
    if effect == "crop":
        assert changed.shape == (40, 1, 9, 9)
    else:
        assert ((changed - images.float()).abs().amax(dim=(1, 2, 3)) > 0.5).float().mean() > 0.95


@pytest.mark.parametrize("effect", sorted(set(EFFECTS) - CERTAIN))
def test_each_effect_is_drawn_for_each_picture_by_itself(effect: str) -> None:
    same = faces(1).repeat(32, 1, 1, 1)
    changed = augment(same, **{**EFFECTS[effect], "erase_pixels": (3, 40)}).flatten(1)
    assert len(torch.unique(changed, dim=0)) > 28


@pytest.mark.parametrize("effect", sorted(EFFECTS))
def test_what_happens_to_a_picture_does_not_depend_on_the_others(effect: str) -> None:
    images = faces(16, size_hw=(14, 14))
    others = images.clone()
    others[1:] = 255 - others[1:]
    first, again = (augment(each, **EFFECTS[effect])[0] for each in (images, others))
    assert torch.equal(first, again)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_shape_type_range_and_seed_hold_whatever_is_asked_for(data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(sorted(EFFECTS)), unique=True))
    size_hw = data.draw(st.tuples(st.integers(10, 20), st.integers(10, 20)))
    channels, seed = data.draw(st.sampled_from([1, 3])), data.draw(st.integers(0, 1000))
    lowest, highest = value_range = data.draw(st.sampled_from([(0.0, 255.0), (-1.0, 1.0), (0.25, 0.5)]))
    asked: dict[str, Any] = {"fill": data.draw(st.sampled_from(["black", "edge", "mirror", "mean"]))}
    for effect in chosen:
        asked |= EFFECTS[effect]
    images = faces(6, channels=channels, size_hw=size_hw)
    if value_range != (0.0, 255.0):
        images = lowest + images.float() / 255 * (highest - lowest)
    changed = augment(images, seed, value_range=value_range, **asked)
    assert changed.shape == (6, channels, *((9, 9) if "crop" in chosen else size_hw))
    assert changed.dtype == torch.float32
    slack = 1e-5 * (highest - lowest)
    assert lowest - slack <= changed.min() <= changed.max() <= highest + slack
    assert torch.equal(augment(images, seed, value_range=value_range, **asked), changed)


def test_the_same_generator_state_gives_the_same_pictures() -> None:
    def draw(seed: int) -> torch.Tensor:
        return build_augmentation(AugmentationSettings())(faces(), epoch_generator(seed, 3, stream=1))

    assert torch.equal(draw(0), draw(0))
    assert not torch.equal(draw(0), draw(1))


def test_what_covers_the_face_moves_with_it_and_what_is_erased_does_not() -> None:
    images = torch.full((50, 1, 48, 48), 128.0)
    moved = augment(images, occlusion=1.0, occlusions=("mask",), flip_vertical=1.0)
    assert ((moved - 128).abs() > 8)[:, :, :18].float().mean() > 3 * ((moved - 128).abs() > 8)[:, :, 30:].float().mean()
    erased = augment(images, rotation_degrees=45.0, fill="edge", erase=1.0)
    for picture in (erased[:, 0] - 128).abs() > 0.01:
        assert picture.sum() == picture.any(dim=0).sum() * picture.any(dim=1).sum()


@pytest.mark.parametrize(
    "asked",
    [{}, {"flip": 0.0}, {"rotation_degrees": 0.0, "scale": 0.4}, {"erase": 1.0, "erase_pixels": (1, 90)}, NOTHING],
    ids=["defaults", "no flip", "scale", "large rectangles", "nothing"],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_the_first_settings_draw_to_the_last_bit_what_they_always_drew(asked: dict[str, Any], channels: int) -> None:
    """Runs of before the other settings can be repeated, and go on as if they had never stopped."""
    generator, same_generator = epoch_generator(1, 2, stream=1), epoch_generator(1, 2, stream=1)
    augmentation = build_augmentation(AugmentationSettings(**asked))
    images = faces(32, channels=channels)
    for _ in range(2):
        expected = _first_augmentation(images, same_generator, AugmentationSettings(**asked))
        assert torch.equal(augmentation(images, generator), expected)
    assert torch.equal(generator.get_state(), same_generator.get_state())


def _first_augmentation(images: torch.Tensor, generator: torch.Generator, asked: AugmentationSettings) -> torch.Tensor:
    """Return what mien's first augmentation, which knew six settings, made of pictures."""
    images = images.float()
    count, _, height, width = images.shape
    if asked.flip or asked.rotation_degrees or asked.scale or asked.shift:
        draws = torch.rand((5, count), generator=generator) * 2 - 1
        angle, size = draws[0] * math.radians(asked.rotation_degrees), 1 + draws[1] * asked.scale
        mirror = torch.where((draws[2] + 1) / 2 < asked.flip, -1.0, 1.0)
        theta = torch.empty(count, 2, 3)
        theta[:, 0, 0], theta[:, 0, 1] = mirror * angle.cos() / size, -mirror * angle.sin() / size
        theta[:, 1, 0], theta[:, 1, 1] = angle.sin() / size, angle.cos() / size
        theta[:, :, 2] = 2 * asked.shift * draws[3:5].T
        images = F.grid_sample(
            images, F.affine_grid(theta, list(images.shape), align_corners=False), align_corners=False
        )
    if asked.erase:
        draws = torch.rand((6, count), generator=generator)
        low, high = asked.erase_pixels
        tall = (low + draws[0] * (high - low + 1)).floor().clamp(max=height)
        wide = (low + draws[1] * (high - low + 1)).floor().clamp(max=width)
        top, left = (draws[2] * (height - tall + 1)).floor(), (draws[3] * (width - wide + 1)).floor()
        for place in range(count):
            if draws[4, place] < asked.erase:
                y, x, h, w = (int(each[place]) for each in (top, left, tall, wide))
                images[place, :, y : y + h, x : x + w] = draws[5, place] * 255
    return images
