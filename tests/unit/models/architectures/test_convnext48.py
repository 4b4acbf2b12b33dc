import pytest
import torch

from mien.errors import MienError
from mien.models import count_parameters, create_model


def block(channels: int) -> int:
    """Depthwise 7x7, layer norm, 1x1 to four times the channels and back, layer scale."""
    return 50 * channels + 2 * channels + 4 * channels * (channels + 1) + channels * (4 * channels + 1) + channels


@pytest.mark.parametrize("width", [16, 48])
def test_parameters_are_those_of_its_layers(width: int) -> None:
    stem = 9 * width + width + 2 * width
    between = sum(2 * side + 8 * side * side + 2 * side for side in (width, 2 * width))
    blocks = 2 * block(width) + 2 * block(2 * width) + 4 * block(4 * width)
    head = 2 * 4 * width + 7 * 4 * width + 7
    with torch.device("meta"):
        assert count_parameters(create_model("convnext48", width=width)) == stem + between + blocks + head


def test_the_map_shrinks_to_an_eighth() -> None:
    assert create_model("convnext48", width=8).forward_features(torch.rand(2, 1, 48, 64)).shape == (2, 32, 6, 8)


def test_no_width_is_refused() -> None:
    with pytest.raises(MienError, match="width is 0; expected a positive number of channels"):
        create_model("convnext48", width=0)
