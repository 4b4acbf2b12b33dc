import pytest
import torch

from mien.models import count_parameters, create_model


@pytest.mark.parametrize(
    ("name", "options", "parameters"),
    [
        ("densenet121", {"in_channels": 1}, 6_954_759),
        ("densenet121", {"num_classes": 6}, 6_960_006),
        ("densenet169", {"in_channels": 1}, 12_489_863),
        ("densenet169", {"num_classes": 6}, 12_494_470),
    ],
)
def test_parameters_by_option(name: str, options: dict, parameters: int) -> None:
    with torch.device("meta"):
        assert count_parameters(create_model(name, **options)) == parameters


@pytest.mark.parametrize(("name", "keras"), [("densenet121", 7_037_504), ("densenet169", 12_642_880)])
def test_without_its_head_it_counts_as_in_keras(name: str, keras: int) -> None:
    with torch.device("meta"):
        network = create_model(name)
    statistics = [value for key, value in network.features.named_buffers() if "running" in key]
    assert count_parameters(network.features) + sum(value.numel() for value in statistics) == keras
