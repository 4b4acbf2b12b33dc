import pytest
import torch

from mien.training.augmentation import Augmentation
from mien.training.batches import epoch_generator

NOTHING = {"flip": 0.0, "rotation_degrees": 0.0, "scale": 0.0, "shift": 0.0, "erase": 0.0}


def faces(count: int = 64) -> torch.Tensor:
    return torch.randint(1, 256, (count, 1, 48, 48), dtype=torch.uint8, generator=torch.Generator().manual_seed(5))


def augment(images: torch.Tensor, seed: int = 0, **settings: object) -> torch.Tensor:
    return Augmentation(**{**NOTHING, **settings})(images, epoch_generator(seed, 0, stream=1))


def test_nothing_asked_for_changes_nothing() -> None:
    assert torch.equal(augment(faces()), faces().float())


def test_a_certain_flip_mirrors_every_picture() -> None:
    torch.testing.assert_close(augment(faces(), flip=1.0), faces().float().flip(-1), atol=1e-2, rtol=0)


def test_a_flip_of_one_half_mirrors_about_half() -> None:
    images = faces(400)
    changed = (augment(images, flip=0.5) - images.float()).abs().amax(dim=(1, 2, 3)) > 1
    assert 140 < int(changed.sum()) < 260


def test_rotation_turns_about_the_middle_by_at_most_the_angle() -> None:
    images = torch.zeros(200, 1, 49, 49)
    images[:, :, 24, 44] = 255
    turned = augment(images, rotation_degrees=20.0)
    ys = torch.arange(49).float()
    mass = turned.sum(dim=(1, 2, 3))
    y = (turned.sum(dim=(1, 3)) * ys).sum(dim=1) / mass - 24
    x = (turned.sum(dim=(1, 2)) * ys).sum(dim=1) / mass - 24
    angles = torch.rad2deg(torch.atan2(y, x))
    assert angles.abs().max() < 21.5
    assert angles.max() > 12
    assert angles.min() < -12


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


def test_erasing_takes_one_rectangle_of_the_stated_size() -> None:
    images = torch.full((300, 1, 48, 48), 300.0)
    erased = augment(images, erase=0.5, erase_pixels=(6, 20)) != 300
    areas = erased.flatten(1).sum(dim=1)
    assert 100 < int((areas > 0).sum()) < 200
    for picture in erased[areas > 0][:50, 0]:
        rows, columns = picture.any(dim=1), picture.any(dim=0)
        tall, wide = int(rows.sum()), int(columns.sum())
        assert 6 <= tall <= 20
        assert 6 <= wide <= 20
        assert int(picture.sum()) == tall * wide


def test_every_picture_gets_a_transform_of_its_own() -> None:
    same = faces(1).repeat(32, 1, 1, 1)
    changed = Augmentation()(same, epoch_generator(0, 0, stream=1)).flatten(1)
    assert len(torch.unique(changed, dim=0)) == 32


def test_the_same_generator_state_gives_the_same_pictures() -> None:
    def draw(seed: int) -> torch.Tensor:
        return Augmentation()(faces(), epoch_generator(seed, 3, stream=1))

    assert torch.equal(draw(0), draw(0))
    assert not torch.equal(draw(0), draw(1))


@pytest.mark.parametrize("channels", [1, 3])
def test_shape_type_and_range_hold(channels: int) -> None:
    images = faces(8).repeat(1, channels, 1, 1)
    changed = Augmentation()(images, epoch_generator(0, 0, stream=1))
    assert changed.shape == images.shape
    assert changed.dtype == torch.float32
    assert 0 <= changed.min() <= changed.max() <= 255.001
