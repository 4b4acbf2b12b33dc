import pytest
import torch

from mien.models import count_parameters, create_model


@pytest.mark.parametrize(
    ("name", "options", "parameters"),
    [
        ("resnet50", {"in_channels": 1}, 23_516_103),
        ("seresnet34", {"in_channels": 1}, 21_443_187),
        ("seresnet50", {"in_channels": 1}, 26_047_095),
        ("seresnext101_32x4d", {"in_channels": 1}, 46_914_487),
        ("seresnext101_32x4d", {"hidden": [1024]}, 49_011_767),
        ("resnest50", {"num_classes": 1000}, 27_483_240),
    ],
)
def test_parameters_by_option(name: str, options: dict, parameters: int) -> None:
    with torch.device("meta"):
        assert count_parameters(create_model(name, **options)) == parameters
