import pytest
import torch

from tests.unit.training.augmentation.conftest import augment, share_changed

LEVEL = 128.0


def covered(name: str, *, side: int = 48, count: int = 200) -> torch.Tensor:
    """Return how often each pixel is covered, shape ``(side, side)``."""
    images = torch.full((count, 1, side, side), LEVEL)
    changed = augment(images, occlusion=1.0, occlusions=(name,))
    is_plain = (changed - LEVEL).abs().amax(dim=(1, 2, 3)) < 20  # a grey too much like the picture's
    return ((changed[~is_plain, 0] - LEVEL).abs() > 1).float().mean(dim=0)


@pytest.mark.parametrize("side", [48, 96])
@pytest.mark.parametrize(
    ("name", "often", "never"),
    [
        ("glasses", [(0.37, 0.3), (0.37, 0.7)], [(0.8, 0.5), (0.05, 0.5), (0.65, 0.2)]),
        ("mask", [(0.79, 0.5), (0.7, 0.4), (0.85, 0.6)], [(0.37, 0.31), (0.37, 0.69), (0.1, 0.5)]),
    ],
)
def test_a_shape_lies_where_it_belongs(
    name: str, often: list[tuple[float, float]], never: list[tuple[float, float]], side: int
) -> None:
    share = covered(name, side=side)
    assert min(float(share[int(y * side), int(x * side)]) for y, x in often) > 0.9
    assert max(float(share[int(y * side), int(x * side)]) for y, x in never) < 0.1


def test_a_hand_comes_from_below_and_covers_a_part_of_the_face() -> None:
    share = covered("hand")
    assert share[40:].mean() > 0.25
    assert share[:8].max() < 0.05
    assert 0.1 < share.mean() < 0.35


def test_some_glasses_are_clear_and_some_dark() -> None:
    images = torch.full((200, 1, 48, 48), 255.0)
    changed = augment(images, occlusion=1.0, occlusions=("glasses",))
    darkest = changed.amin(dim=(1, 2, 3))
    lens = (255 - changed[:, 0, 18, 15]) / (255 - darkest).clamp(min=1)
    assert lens.min() < 0.1
    assert lens.max() > 0.9


def test_a_shape_has_one_grey_and_soft_edges() -> None:
    images = torch.full((20, 3, 48, 48), LEVEL)
    changed = augment(images, occlusion=1.0, occlusions=("mask",))
    assert torch.equal(changed[:, 0], changed[:, 2])
    cover = (changed - LEVEL) / (changed[:, :, 40:41, 24:25] - LEVEL)
    assert cover.min() >= 0
    assert cover.max() <= 1 + 1e-4
    is_edge = (cover > 0.05) & (cover < 0.95)
    assert (is_edge.flatten(1).sum(dim=1) > 10).all()


def test_the_greys_go_from_black_to_white() -> None:
    images = torch.zeros(200, 1, 48, 48)
    greys = augment(images, occlusion=1.0, occlusions=("mask",), value_range=(-1.0, 1.0))[:, 0, 40, 24]
    assert -1 <= greys.min() < -0.9
    assert 0.9 < greys.max() <= 1


def test_the_probability_is_the_share_of_pictures_that_are_covered() -> None:
    images = torch.full((400, 1, 24, 24), 300.0)  # lighter than any grey
    assert 0.2 < share_changed(images, augment(images, occlusion=0.3)) < 0.4


def test_the_shapes_named_come_equally_often() -> None:
    images = torch.full((300, 1, 48, 48), 300.0)
    changed = augment(images, occlusion=1.0, occlusions=("glasses", "mask"))
    is_glasses = (changed[:, 0, 40, 24] == 300).float().mean()
    assert 0.4 < is_glasses < 0.6
