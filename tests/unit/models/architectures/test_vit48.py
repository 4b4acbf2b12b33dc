import pytest
import torch

from mien.errors import MienError
from mien.models import count_parameters, create_model


@pytest.mark.parametrize(("width", "depth"), [(160, 6), (64, 2)])
def test_parameters_are_those_of_its_layers(width: int, depth: int) -> None:
    half = width // 2
    stem = 9 * half + 2 * half + 9 * half * width + 2 * width + width * width + width
    attention = 3 * width * (width + 1) + width * (width + 1)
    hidden = 3 * width * (width + 1) + width * (3 * width + 1)
    blocks = depth * (4 * width + attention + hidden)
    expected = stem + 144 * width + blocks + 2 * width + 7 * width + 7
    with torch.device("meta"):
        assert count_parameters(create_model("vit48", width=width, depth=depth)) == expected


@pytest.mark.parametrize("size", [(48, 48), (64, 40), (8, 8)])
def test_positions_follow_the_size_of_the_picture(size: tuple[int, int]) -> None:
    network = create_model("vit48", width=32, depth=1)
    assert network.forward_features(torch.rand(2, 1, *size)).shape == (2, 32, size[0] // 4, size[1] // 4)


@pytest.mark.parametrize("options", [{"width": 33}, {"width": 34}, {"num_heads": 0}])
def test_widths_that_heads_do_not_divide_are_refused(options: dict) -> None:
    with pytest.raises(MienError, match="expected an even number that"):
        create_model("vit48", **options)
