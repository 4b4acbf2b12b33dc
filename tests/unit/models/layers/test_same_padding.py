import pytest
import torch
from timm.layers import Conv2dSame

from mien.models.layers.same_padding import SameConv2d, pad_same, same_margins


@pytest.mark.parametrize(
    ("side", "kernel", "stride", "margins"),
    [(48, 3, 1, (1, 1)), (48, 3, 2, (0, 1)), (25, 3, 2, (1, 1)), (48, 1, 2, (0, 0)), (8, 5, 1, (2, 2))],
)
def test_same_margins(side: int, kernel: int, stride: int, *, margins: tuple[int, int]) -> None:
    assert same_margins(side, kernel, stride=stride) == margins


def test_pad_same_adds_the_odd_pixel_at_right_and_bottom() -> None:
    padded = pad_same(torch.zeros(1, 1, 4, 3), 3, stride=2, value=7.0)
    assert padded[0, 0].tolist() == [[7, 0, 0, 0, 7]] * 4 + [[7] * 5]


@pytest.mark.parametrize("size", [(8, 8), (7, 10)])
@pytest.mark.parametrize(("kernel", "step"), [(3, 1), (3, 2), (1, 2), (5, 2)])
def test_equals_an_independent_one(size: tuple[int, int], kernel: int, step: int) -> None:
    layer, other = SameConv2d(3, 4, kernel=kernel, step=step), Conv2dSame(3, 4, kernel, stride=step)
    other.load_state_dict(layer.state_dict())
    images = torch.rand(2, 3, *size)
    torch.testing.assert_close(layer(images), other(images))
