import re

import pytest
import torch
from torchvision.transforms.functional import five_crop, resize, rotate, ten_crop
from torchvision.transforms.v2.functional import InterpolationMode

from mien.errors import RecipeError
from mien.evaluation.test_time_views import parse_views
from mien.training.augmentation import AugmentationSettings

FACES = torch.randint(0, 256, (3, 1, 48, 48), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def show(*names: str, crop_side: int | None = None, first: int = 0) -> list[torch.Tensor]:
    views = parse_views(names, augmentation=AugmentationSettings())
    return list(views.show(FACES, crop_side=crop_side, first=first))


def test_plain_and_flip_come_first_and_in_this_order() -> None:
    assert parse_views(["ten_crop", "flip", "five_crop", "plain"]).names == ("plain", "flip", "five_crop", "ten_crop")
    plain, flip = show("flip", "plain")
    assert torch.equal(plain, FACES.float())
    assert torch.equal(flip, FACES.float().flip(-1))


@pytest.mark.parametrize(("name", "side"), [("five_crop", 40), ("five_crop:36", 36)])
def test_five_crops_are_enlarged_to_the_whole(name: str, side: int) -> None:
    for shown, crop in zip(show(name), five_crop(FACES.float(), [side, side]), strict=True):
        assert torch.allclose(shown, resize(crop, [48, 48], InterpolationMode.BILINEAR, antialias=False), atol=1e-3)


def test_ten_crops_are_torchvisions_as_they_are_for_a_network_of_their_side() -> None:
    shown, expected = show("ten_crop", crop_side=36), ten_crop(FACES.float(), [36, 36])
    assert sorted(each.sum().item() for each in shown) == sorted(each.sum().item() for each in expected)
    assert all(any(torch.equal(one, other) for other in expected) for one in shown)


def test_crops_that_do_not_fit_are_refused() -> None:
    with pytest.raises(RecipeError, match="crops of 50 pixels do not fit into faces of 48x48"):
        show("ten_crop:50")


def test_rotation_turns_anticlockwise_as_torchvision_does() -> None:
    (shown,) = show("rotate:10")
    expected = rotate(FACES.float(), 10, InterpolationMode.BILINEAR)
    inside = (slice(None), slice(None), slice(10, 38), slice(10, 38))
    assert torch.allclose(shown[inside], expected[inside], atol=0.6)  # whose grid is in whole fixed-point steps
    assert not torch.allclose(show("rotate:-10")[0][inside], expected[inside], atol=20)


def test_draws_are_those_of_the_seed_and_differ_from_each_other() -> None:
    first, second = show("2*rotation_degrees=20+shift=0.1")
    assert first.shape == FACES.shape
    assert not torch.equal(first, second)
    assert torch.equal(first, show("2*rotation_degrees=20+shift=0.1")[0])
    assert not torch.equal(first, show("2*rotation_degrees=20+shift=0.1@1")[0])
    assert not torch.equal(first, show("2*rotation_degrees=20+shift=0.1", first=256)[0])


def test_draws_do_nothing_but_what_they_name() -> None:
    (shown,) = show("1*brightness=0.0")
    assert torch.equal(shown, FACES.float())
    (lighter,) = show("1*brightness=0.5")
    assert not torch.equal(lighter, FACES.float())


def test_the_recipes_own_augmentation_may_be_drawn() -> None:
    settings = AugmentationSettings(crop_pixels=40, ten_crop=True)
    shown = list(parse_views(["3*recipe"], augmentation=settings).show(FACES, crop_side=40))
    assert [tuple(each.shape) for each in shown] == [(3, 1, 40, 40)] * 3


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "views must be different ones; got none"),
        (["plain", "plain"], "views must be different ones; got plain, plain"),
        (["ten_crops"], "unknown view 'ten_crops'; did you mean 'ten_crop'?; views are plain, flip, five_crop, "),
        (["0*recipe"], "unknown view '0*recipe'"),
        (["2*scale=-1"], "view '2*scale=-1': scale: Input should be greater than or equal to 0"),
        (["2*zoom=1"], "view '2*zoom=1': zoom: Extra inputs are not permitted"),
        (["2*fill=blue"], "view '2*fill=blue': fill: Input should be 'black', 'edge', 'mirror' or 'mean'"),
    ],
)
def test_faults_are_one_line(names: list[str], message: str) -> None:
    with pytest.raises(RecipeError, match=re.escape(message)):
        parse_views(names)


def test_there_must_be_a_recipe_to_draw_from() -> None:
    with pytest.raises(RecipeError, match=r"no recipe to draw from; name settings of \[augmentation\]"):
        parse_views(["2*recipe"])
