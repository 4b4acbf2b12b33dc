import pytest
import timm
import torch

from mien.errors import MienError
from mien.models import create_model
from tests.unit.models.conftest import CheckPretrained, randomize


def test_pretrained_takes_the_convolutions_alone(check_pretrained: CheckPretrained) -> None:
    with torch.device("meta"):
        published = timm.create_model("vgg16").features
    published = published.to_empty(device="cpu")
    randomize(published)
    weights = {f"features.{name}": value for name, value in published.state_dict().items()}
    check_pretrained("vgg16", {**weights, "head.fc.bias": torch.zeros(1000)}, published)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pooling": "flatten", "input_side": 48}, "input_side is 48; expected a positive multiple of 32"),
        ({"pooling": "sum"}, "pooling is 'sum'; expected 'average' or 'max'"),
        ({"pretrained": True}, "pretrained weights of 'vgg16.tv_in1k' are not there; fetch https://"),
    ],
)
def test_refusals(options: dict, message: str) -> None:
    with torch.device("meta"), pytest.raises(MienError, match=message):
        create_model("vgg16", **options)


def test_a_flattening_head_refuses_other_sizes() -> None:
    with torch.device("meta"):
        network, images = create_model("vgg16", pooling="flatten", input_side=64), torch.rand(2, 3, 96, 96)
    with pytest.raises(ValueError, match="pictures of 64x64; for others, set input_side"):
        network(images)
