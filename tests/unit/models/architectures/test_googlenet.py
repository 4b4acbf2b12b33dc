import pytest
import torch
from torchvision.models import GoogLeNet

from mien.errors import MienError
from mien.models import count_parameters, create_model


def test_parameters_in_grey() -> None:
    with torch.device("meta"):
        assert count_parameters(create_model("googlenet", in_channels=1)) == 5_600_807


@torch.no_grad()
def test_logits_are_those_of_torchvision() -> None:
    network = create_model("googlenet").eval()
    other = GoogLeNet(num_classes=7, aux_logits=False, transform_input=False, init_weights=False).eval()
    other.load_state_dict({
        **network.features.state_dict(),
        "fc.weight": network.classifier.weight,
        "fc.bias": network.classifier.bias,
    })  # fmt: skip
    images = torch.rand(2, 3, 32, 32)
    torch.testing.assert_close(network(images), other(images))


def test_an_unknown_pooling_is_refused() -> None:
    with pytest.raises(MienError, match="pooling is 'flatten'; expected 'average' or 'max'"):
        create_model("googlenet", pooling="flatten")
