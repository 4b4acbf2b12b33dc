from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file

from mien.errors import MienError
from mien.models import count_parameters, create_model

CAMNETS_16 = {"pooling": "flatten", "hidden": [512, 256, 128]}
CAMNETS_19 = {"pooling": "flatten", "hidden": [512, 256]}


@pytest.mark.parametrize(
    ("name", "options", "parameters"),
    [
        ("vgg16", {"num_classes": 6}, 14_717_766),
        ("vgg19", {"num_classes": 6}, 20_027_462),
        ("vgg16", CAMNETS_16, 27_725_383),
        ("vgg19", CAMNETS_19, 33_003_079),
        ("vgg19", {**CAMNETS_19, "frozen": True}, 12_978_695),
    ],
)
def test_parameters_by_option(name: str, options: dict, parameters: int) -> None:
    with torch.device("meta"):
        assert count_parameters(create_model(name, **options)) == parameters


@torch.no_grad()
@pytest.mark.parametrize("in_channels", [1, 3])
def test_pretrained_convolutions_give_what_timm_gives(
    in_channels: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_WEIGHTS", str(tmp_path))
    (tmp_path / "timm").mkdir()
    with torch.device("meta"):
        published = timm.create_model("vgg16").features
    published = published.to_empty(device="cpu")
    for parameter in published.parameters():
        parameter.normal_(std=0.03)
    weights = {f"features.{key}": value for key, value in published.state_dict().items()}
    save_file({**weights, "head.fc.bias": torch.zeros(1000)}, tmp_path / "timm" / "vgg16.tv_in1k.safetensors")
    network = create_model("vgg16", in_channels=in_channels, pretrained=True).eval()
    grey = torch.rand(2, 1, 32, 32)
    expected = published(grey.repeat(1, 3, 1, 1))
    features = network.forward_features(grey.repeat(1, in_channels, 1, 1))
    torch.testing.assert_close(features, expected, atol=1e-4, rtol=1e-4)


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
