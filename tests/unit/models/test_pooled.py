import pytest
import torch

from mien.errors import MienError
from mien.models import create_model
from mien.models.pooled import PooledClassifier, global_pooling


@pytest.mark.parametrize(("pooling", "expected"), [("average", [1.5, 5.5]), ("max", [3.0, 7.0])])
def test_global_pooling(pooling: str, expected: list[float]) -> None:
    assert global_pooling(pooling)(torch.arange(8.0).reshape(1, 2, 2, 2)).tolist() == [expected]


def test_global_pooling_refuses_others() -> None:
    with pytest.raises(ValueError, match="pooling is 'sum'; expected 'average' or 'max'"):
        global_pooling("sum")


def test_hidden_layers_stand_between_pool_and_classifier() -> None:
    network = PooledClassifier(
        7, 1, features=torch.nn.Identity(), pool=global_pooling("max"), units=1, hidden=(5, 4), dropout=0.5,
        output_activation="relu",
    )  # fmt: skip
    assert [layer.out_features for layer in network.neck if isinstance(layer, torch.nn.Linear)] == [5, 4]
    assert network.classifier.in_features == 4
    assert network.output_activation == "relu"
    assert network(torch.rand(2, 1, 32, 32)).shape == (2, 7)


@pytest.mark.parametrize("output_activation", ["softmax", "sigmoid", "relu"])
def test_output_activation_leaves_logits_as_they_are(output_activation: str) -> None:
    torch.manual_seed(1)
    expected = create_model("googlenet").eval()(torch.ones(2, 3, 32, 32))
    torch.manual_seed(1)
    network = create_model("googlenet", output_activation=output_activation).eval()
    assert network.output_activation == output_activation
    assert torch.equal(network(torch.ones(2, 3, 32, 32)), expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"output_activation": "tanh"}, "output_activation is 'tanh'; expected one of 'softmax', 'sigmoid', 'relu'"),
        ({"hidden": [8, 0]}, r"hidden is \[8, 0\]; expected a positive number of units for each layer"),
    ],
)
def test_refusals(options: dict, message: str) -> None:
    with pytest.raises(MienError, match=message):
        create_model("googlenet", **options)
