import pytest
import torch

from mien.errors import MienError
from mien.models import count_parameters, create_model


def test_convolutions_norms_and_two_linear_layers_make_the_count() -> None:
    with torch.device("meta"):
        network = create_model("pramerdorfer_vgg")
    convolutions = 320 + 9_248 + 18_496 + 36_928 + 73_856 + 3 * 147_584
    norms = 2 * (2 * 32 + 2 * 64 + 4 * 128)
    assert count_parameters(network) == convolutions + norms + (1152 * 1024 + 1024) + (1024 * 7 + 7)


def test_the_last_map_is_a_sixteenth_of_the_side() -> None:
    with torch.device("meta"):
        network = create_model("pramerdorfer_vgg").eval()
        assert network.forward_features(torch.rand(1, 1, 48, 48)).shape == (1, 128, 3, 3)


def test_too_small_an_input_is_refused() -> None:
    with pytest.raises(MienError, match="input_side is 12; 16 is the smallest that works"):
        create_model("pramerdorfer_vgg", input_side=12)
