import pytest
import torch

from mien.errors import MienError
from mien.models import count_parameters, create_model
from mien.models.layers.residual import BasicBlock


def test_a_stem_four_stages_and_a_linear_layer_make_the_count() -> None:
    with torch.device("meta"):
        network = create_model("pramerdorfer_resnet")
    assert count_parameters(network) == 352 + 55_680 + 279_680 + 1_707_264 + 3_280_384 + 1_799
    assert sum(isinstance(block, BasicBlock) for block in network.modules()) == 3 + 4 + 6 + 3


def test_the_last_map_is_an_eighth_of_the_side() -> None:
    with torch.device("meta"):
        network = create_model("pramerdorfer_resnet").eval()
        assert network.forward_features(torch.rand(1, 1, 48, 48)).shape == (1, 256, 6, 6)


def test_the_amend_module_stands_in_for_the_average() -> None:
    network = create_model("pramerdorfer_resnet", pooling="amend", input_side=16)
    without_linear_weights = 5_325_159 - 256 * 7
    assert count_parameters(network) == without_linear_weights + 1 * 7 + 1024 + 2 + 1
    assert network.smallest_side == 9
    assert network(torch.rand(2, 1, 16, 16)).shape == (2, 7)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pooling": "max"}, "pooling is 'max'; expected 'average' or 'amend'"),
        ({"pooling": "amend", "input_side": 8}, "a map of 1x1 is too small; expected at least 2"),
    ],
)
def test_bad_options_are_refused(options: dict, message: str) -> None:
    with pytest.raises(MienError, match=message), torch.device("meta"):
        create_model("pramerdorfer_resnet", **options)
