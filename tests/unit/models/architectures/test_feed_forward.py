import pytest
import torch

from mien.errors import MienError
from mien.models import count_parameters, create_model


def test_the_count_is_the_sum_of_three_linear_layers() -> None:
    with torch.device("meta"):
        network = create_model("feed_forward")
    assert count_parameters(network) == 2304 * 512 + 512 + 512 * 256 + 256 + 256 * 7 + 7


def test_hidden_layers_and_activation_are_options() -> None:
    network = create_model("feed_forward", input_side=8, hidden=(16,), activation="parametric_relu")
    assert count_parameters(network) == 64 * 16 + 16 + 16 + 16 * 7 + 7
    assert network.forward_features(torch.rand(2, 1, 8, 8)).shape == (2, 16, 1, 1)
    assert network(torch.rand(2, 1, 8, 8)).shape == (2, 7)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden": ()}, "hidden is empty; expected the units of at least one hidden layer"),
        ({"input_side": 0}, "input_side is 0; expected a positive number of pixels"),
        ({"activation": "step"}, "activation is 'step'; expected one of"),
    ],
)
def test_bad_options_are_refused(options: dict, message: str) -> None:
    with pytest.raises(MienError, match=message):
        create_model("feed_forward", **options)


def test_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="pictures of 8x8; for others, set input_side"):
        create_model("feed_forward", input_side=8)(torch.rand(2, 1, 9, 9))
