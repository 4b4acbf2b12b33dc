import torch

from mien.models import count_parameters, create_model


def test_parameters_in_grey() -> None:
    with torch.device("meta"):
        assert count_parameters(create_model("xception", in_channels=1)) == 20_820_719
