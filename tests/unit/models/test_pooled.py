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
        7, 1, features=torch.nn.Identity(), pool=global_pooling("max"), units=1, hidden=(5, 4), dropout=0.5
    )
    assert [layer.out_features for layer in network.neck if isinstance(layer, torch.nn.Linear)] == [5, 4]
    assert network.classifier.in_features == 4
    assert network(torch.rand(2, 1, 32, 32)).shape == (2, 7)


def test_a_hidden_layer_without_units_is_refused() -> None:
    with pytest.raises(MienError, match=r"hidden is \[8, 0\]; expected a positive number of units for each layer"):
        create_model("googlenet", hidden=[8, 0])
