import pytest
import torch

from mien.models import count_parameters, create_model


@pytest.mark.parametrize(
    ("name", "options", "parameters"),
    [
        ("inception_v3", {"in_channels": 1}, 21_799_335),
        ("inception_v3", {"num_classes": 6}, 21_797_862),
        ("inception_resnet_v2", {"in_channels": 1}, 54_316_647),
        ("inception_resnet_v2", {"num_classes": 6}, 54_315_686),
    ],
)
def test_parameters_by_option(name: str, options: dict, parameters: int) -> None:
    with torch.device("meta"):
        assert count_parameters(create_model(name, **options)) == parameters


@pytest.mark.parametrize("name", ["inception_v3", "inception_resnet_v2"])
def test_faces_of_48_pixels_are_refused(name: str) -> None:
    with torch.device("meta"):
        network, images = create_model(name), torch.rand(2, 3, 48, 48)
    with pytest.raises(ValueError, match="75x75 is the smallest that works"):
        network(images)
