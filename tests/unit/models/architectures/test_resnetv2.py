import pytest
import torch

from mien.models import count_parameters, create_model


@pytest.mark.parametrize(
    ("name", "options", "parameters"),
    [
        ("resnetv2_50", {"in_channels": 1}, 23_508_423),
        ("resnetv2_50", {"num_classes": 6}, 23_512_646),
        ("resnetv2_101", {"in_channels": 1}, 42_500_551),
        ("resnetv2_101", {"num_classes": 6}, 42_504_774),
    ],
)
def test_parameters_by_option(name: str, options: dict, parameters: int) -> None:
    with torch.device("meta"):
        assert count_parameters(create_model(name, **options)) == parameters
