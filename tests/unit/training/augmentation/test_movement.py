import math

import pytest
import torch
import torch.nn.functional as F

from mien.training.augmentation.movement import affine_maps, move
from tests.unit.training.augmentation.conftest import augment, faces, share_changed


def maps(
    count: int = 1,
    *,
    angle: float = 0.0,
    size: float = 1.0,
    shear: float = 0.0,
    mirror_xy: tuple[float, float] = (1.0, 1.0),
    shift_xy: tuple[float, float] = (0.0, 0.0),
    size_hw: tuple[int, int] = (48, 48),
) -> torch.Tensor:
    return affine_maps(
        angle=torch.full((count,), math.radians(angle)),
        size=torch.full((count,), size),
        shear=torch.full((count,), math.radians(shear)),
        mirror_xy=torch.tensor(mirror_xy)[:, None].expand(2, count),
        shift_xy=torch.tensor(shift_xy)[:, None].expand(2, count),
        size_hw=size_hw,
    )


def close(actual: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(actual, expected, atol=2e-2, rtol=0)


def test_a_certain_flip_mirrors_every_picture() -> None:
    close(augment(faces(), flip=1.0), faces().float().flip(-1))


def test_a_certain_vertical_flip_turns_every_picture_upside_down() -> None:
    close(augment(faces(), flip_vertical=1.0), faces().float().flip(-2))


def test_both_flips_make_a_half_turn() -> None:
    close(augment(faces(), flip=1.0, flip_vertical=1.0), faces().float().flip(-1, -2))


@pytest.mark.parametrize("name", ["flip", "flip_vertical"])
def test_a_flip_of_one_half_mirrors_about_half(name: str) -> None:
    images = faces(400)
    assert 0.35 < share_changed(images, augment(images, **{name: 0.5})) < 0.65


def test_flips_are_drawn_apart() -> None:
    images = faces(400)
    assert 0.65 < share_changed(images, augment(images, flip=0.5, flip_vertical=0.5)) < 0.85


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turn_by_quarters_is_that_of_torch(quarters: int) -> None:
    images = faces(3).float()
    close(move(images, maps(3, angle=90 * quarters)), images.rot90(quarters, (2, 3)))


def test_rotation_turns_about_the_middle_by_at_most_the_angle() -> None:
    images = torch.zeros(200, 1, 49, 49)
    images[:, :, 24, 44] = 255
    angles = _angles(augment(images, rotation_degrees=20.0))
    assert angles.abs().max() < 21.5
    assert angles.max() > 12
    assert angles.min() < -12


def test_rotation_keeps_lengths_and_angles_in_pictures_that_are_no_squares() -> None:
    images = torch.zeros(1, 1, 41, 61)
    images[:, :, 20, 45] = 255
    turned = move(images, maps(angle=90, size_hw=(41, 61)))
    assert torch.nonzero(turned[0, 0] > 200).tolist() == [[5, 30]]


def test_shear_slants_by_a_known_angle() -> None:
    images = faces(3).float()
    slanted = move(images, maps(3, shear=30))
    by_hand = torch.tensor([[[1.0, math.tan(math.radians(30)), 0], [0, 1, 0]]]).repeat(3, 1, 1)
    grid = F.affine_grid(by_hand, list(images.shape), align_corners=False)
    close(slanted, F.grid_sample(images, grid, align_corners=False))
    upright = torch.zeros(1, 1, 49, 49)
    upright[:, :, :, 24] = 255
    slanted = move(upright, maps(shear=45, size_hw=(49, 49)))
    close(slanted, 255 * torch.eye(49).flip(1)[None, None])


def test_shear_goes_either_way_by_at_most_the_angle() -> None:
    images = torch.zeros(200, 1, 49, 49)
    images[:, :, 44, 24] = 255
    slanted = augment(images, shear_degrees=30.0)
    columns = (slanted.sum(dim=(1, 2)) * torch.arange(49)).sum(dim=1) / slanted.sum(dim=(1, 2, 3)) - 24
    assert 9 < columns.max() < 20 * math.tan(math.radians(30)) + 0.1
    assert -9 > columns.min() > -20 * math.tan(math.radians(30)) - 0.1


def test_shift_moves_by_at_most_the_share_and_leaves_black() -> None:
    images = torch.full((200, 1, 40, 40), 255.0)
    moved = augment(images, shift=0.25)
    covered = (moved > 254).flatten(1).float().mean(dim=1)
    assert covered.min() >= 0.75 * 0.75 - 0.05
    assert covered.min() < 0.75
    assert (moved == 0).any()


def test_scale_makes_larger_and_smaller() -> None:
    images = torch.zeros(200, 1, 48, 48)
    images[:, :, 16:32, 16:32] = 255
    areas = augment(images, scale=0.2).sum(dim=(1, 2, 3)) / (255 * 16 * 16)
    assert 0.6 < areas.min() < 0.8
    assert 1.25 < areas.max() < 1.5


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("rotation_probability", {"rotation_degrees": 60.0}),
        ("scale_probability", {"scale": 0.5}),
        ("shift_probability", {"shift": 0.5}),
        ("shear_probability", {"shear_degrees": 60.0}),
    ],
)
def test_a_probability_is_the_share_of_pictures_that_are_moved(name: str, settings: dict[str, float]) -> None:
    images = faces(400, size_hw=(24, 24))
    assert 0.2 < share_changed(images, augment(images, **settings, **{name: 0.3})) < 0.4


@pytest.mark.parametrize(("fill", "padding_mode"), [("black", "zeros"), ("edge", "border"), ("mirror", "reflection")])
def test_a_fill_is_the_padding_of_grid_sample(fill: str, padding_mode: str) -> None:
    images, shifted = faces(4).float(), maps(4, angle=30, shift_xy=(0.3, -0.2))
    grid = F.affine_grid(shifted, list(images.shape), align_corners=False)
    close(move(images, shifted, fill=fill), F.grid_sample(images, grid, padding_mode=padding_mode, align_corners=False))


def test_a_fill_of_mean_is_each_pictures_own_by_channel() -> None:
    images = faces(4, channels=3).float() * torch.tensor([0.2, 0.4, 0.6, 0.8])[:, None, None, None]
    moved = move(images, maps(4, shift_xy=(0.5, 0.0)), fill="mean")
    expected = images.mean(dim=(2, 3), keepdim=True).expand(-1, -1, 48, 20)
    torch.testing.assert_close(moved[..., -20:], expected)


def test_black_is_what_it_is_after_preparation() -> None:
    moved = move(torch.ones(1, 1, 48, 48), maps(shift_xy=(0.5, 0.0)), black=-2.0)
    torch.testing.assert_close(moved[0, 0, 0], torch.tensor([1.0] * 24 + [-2.0] * 24))


def test_a_recipes_fill_reaches_its_pictures() -> None:
    images = torch.full((20, 1, 48, 48), 200.0)
    assert augment(images, shift=0.4).min() == 0
    for fill in ("edge", "mirror", "mean"):
        torch.testing.assert_close(augment(images, shift=0.4, fill=fill), images)


def _angles(images: torch.Tensor) -> torch.Tensor:
    """Return in which direction of the middle what is bright lies, in degrees."""
    places = torch.arange(49).float()
    mass = images.sum(dim=(1, 2, 3))
    y = (images.sum(dim=(1, 3)) * places).sum(dim=1) / mass - 24
    x = (images.sum(dim=(1, 2)) * places).sum(dim=1) / mass - 24
    return torch.rad2deg(torch.atan2(y, x))
