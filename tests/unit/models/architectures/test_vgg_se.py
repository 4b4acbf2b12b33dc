import pytest
import torch

from mien.models import count_parameters, create_model


@pytest.mark.parametrize(
    ("options", "parameters"),
    [({"width": 19}, 774_374), ({"width": 24, "pooling": "average"}, 724_181), ({"attention": False}, 1_764_775)],
)
def test_parameters_by_option(options: dict, parameters: int) -> None:
    assert count_parameters(create_model("vgg_se", **options)) == parameters


def test_average_pooling_takes_other_sizes() -> None:
    network = create_model("vgg_se", width=8, pooling="average")
    assert network(torch.rand(2, 1, 64, 64)).shape == (2, 7)


def test_dropout_acts_in_training_only() -> None:
    network, images = create_model("vgg_se", width=8, dropout=0.5), torch.rand(4, 1, 48, 48)
    assert not torch.equal(network(images), network(images))
    network.eval()
    assert torch.equal(network(images), network(images))
