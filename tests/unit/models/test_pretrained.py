from pathlib import Path

import pytest
import torch

from mien.errors import MienError
from mien.models import MODELS, create_model, find_option_faults
from mien.models.pretrained import (
    find_pretrained,
    find_published,
    is_built_without_memory,
    load_published,
)
from tests.unit.models.conftest import Publish

# What the studies camnet and still_images take from ImageNet, and where the file is looked for.
FROM_IMAGENET = {
    "bam_resnet50": "attention-module/RESNET50_IMAGENET_BAM_best.pth.tar",
    "cbam_resnet50": "attention-module/RESNET50_CBAM_new_name_wrap.pth",
    "densenet121": "timm/densenet121.ra_in1k.safetensors",
    "densenet169": "timm/densenet169.tv_in1k.safetensors",
    "googlenet": "torchvision/googlenet-1378be20.pth",
    "inception_resnet_v2": "timm/inception_resnet_v2.tf_in1k.safetensors",
    "inception_v3": "timm/inception_v3.tv_in1k.safetensors",
    "nasnet_mobile": "cadene/nasnetamobile-7e03cead.pth",
    "nasnetalarge": "timm/nasnetalarge.tf_in1k.safetensors",
    "resnest50": "timm/resnest50d.in1k.safetensors",
    "resnet34": "timm/resnet34.a1_in1k.safetensors",
    "resnet50": "timm/resnet50.a1_in1k.safetensors",
    "resnetv2_101": "timm/resnetv2_101.a1h_in1k.safetensors",
    "resnetv2_50": "timm/resnetv2_50.a1h_in1k.safetensors",
    "seresnet34": "timm/legacy_seresnet34.in1k.pth",
    "seresnet50": "timm/seresnet50.a1_in1k.safetensors",
    "seresnext101_32x4d": "timm/seresnext101_32x4d.gluon_in1k.safetensors",
    "vgg16": "timm/vgg16.tv_in1k.safetensors",
    "vgg19": "timm/vgg19.tv_in1k.safetensors",
}


@pytest.mark.parametrize(("name", "file"), FROM_IMAGENET.items())
def test_networks_that_studies_began_with_imagenet_name_the_file_they_miss(
    name: str, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_WEIGHTS", str(tmp_path))
    (fault,) = find_option_faults(name, {"pretrained": True})
    assert fault.startswith("pretrained weights of ")
    assert "are not there; fetch http" in fault
    assert fault.endswith(f"and put it at {tmp_path / file}")


def test_none_of_still_images_is_left_out() -> None:
    assert {entry.name for entry in MODELS if "still_images" in entry.card.studies} < set(FROM_IMAGENET)


@pytest.mark.parametrize(
    ("architecture", "address", "file_name"),
    [
        ("resnet34", "https://huggingface.co/timm/resnet34.a1_in1k/resolve/main/model.safetensors", "resnet34.a1_in1k"),
        ("resnet18.a1_in1k", "https://huggingface.co/timm/resnet18.a1_in1k/", "resnet18.a1_in1k.safetensors"),
        ("legacy_seresnet34", "seresnet34-a4004e63.pth", "legacy_seresnet34.in1k.pth"),
    ],
)
def test_find_pretrained_names_what_to_fetch_and_where_to_put_it(
    architecture: str, address: str, file_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_WEIGHTS", str(tmp_path))
    with pytest.raises(MienError) as caught:
        find_pretrained(architecture)
    message = str(caught.value)
    assert "are not there; fetch https://" in message
    assert address in message
    assert str(tmp_path / "timm" / file_name) in message
    assert "\n" not in message


def test_find_pretrained_refuses_an_architecture_without_weights() -> None:
    with pytest.raises(MienError, match="timm publishes no weights for 'coatnet_0_224'; leave out pretrained"):
        find_pretrained("coatnet_0_224")


def test_find_published_looks_where_the_publishers_files_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_WEIGHTS", str(tmp_path))
    address = "https://example.org/some/net-1.pth?dl=1"
    with pytest.raises(MienError) as caught:
        find_published("net", address, publisher="authors")
    file = tmp_path / "authors" / "net-1.pth"
    assert str(caught.value) == f"pretrained weights of 'net' are not there; fetch {address} and put it at {file}"
    file.parent.mkdir()
    file.touch()
    assert find_published("net", address, publisher="authors") == file


def test_a_damaged_file_of_timms_is_named(publish: Publish) -> None:
    file = publish("timm/resnet10t", {"conv1.0.weight": torch.ones(1)})
    for content in (file.read_bytes(), b"damaged"):
        file.write_bytes(content)
        with pytest.raises(MienError, match=rf"{file.name}: not whole, or no weights of this network \(.+\); fetch"):
            create_model("timm/resnet10t", pretrained=True)


def test_load_published_sums_over_colours_and_leaves_out_the_head(tmp_path: Path) -> None:
    body = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    weights = {name: torch.full_like(value, 3.0) for name, value in body.state_dict().items() if "num_" not in name}
    colours, file = torch.rand(2, 3, 3, 3), tmp_path / "net.pth"
    torch.save({**weights, "0.weight": colours, "head.weight": torch.ones(1)}, file)
    load_published(body, file, first="0.weight")
    torch.testing.assert_close(body[0].weight.detach(), colours.sum(dim=1, keepdim=True))
    assert body[1].running_var.tolist() == [3, 3]


@pytest.mark.parametrize(
    ("biases", "message"),
    [
        ({}, r"net\.pth: another network's weights \(1 are missing, first '0\.bias'\)"),
        ({"bias": torch.ones(4)}, r"net\.pth: another network's weights \(size mismatch for 0\.bias"),
    ],
)
def test_load_published_refuses_weights_of_another_network(
    biases: dict[str, torch.Tensor], message: str, tmp_path: Path
) -> None:
    torch.save({"weight": torch.ones(2, 3, 3, 3), **biases}, tmp_path / "net.pth")
    with pytest.raises(MienError, match=message):
        load_published(
            torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3)),
            tmp_path / "net.pth",
            first="0.weight",
            rename=lambda published: {f"0.{name}": value for name, value in published.items()},
        )


@pytest.mark.parametrize("name", ["timm/resnet10t", "googlenet"])
def test_nothing_is_read_to_check_options(name: str, publish: Publish) -> None:
    publish(name, {"conv1.0.weight": torch.ones(1)})
    assert find_option_faults(name, {"pretrained": True}) == []
    with pytest.raises(MienError, match="weights"):
        create_model(name, pretrained=True)
    assert not is_built_without_memory()
    with torch.device("meta"):
        assert is_built_without_memory()
