from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from mien.errors import MienError
from mien.models.pretrained import find_pretrained, read_pretrained


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


@pytest.mark.parametrize(("architecture", "name"), [("vgg16", "vgg16.tv_in1k.safetensors")])
def test_read_pretrained_reads_safetensors(
    architecture: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_WEIGHTS", str(tmp_path))
    (tmp_path / "timm").mkdir()
    save_file({"weight": torch.ones(2)}, tmp_path / "timm" / name)
    assert read_pretrained(architecture)["weight"].tolist() == [1, 1]


def test_read_pretrained_reads_torch_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_WEIGHTS", str(tmp_path))
    (tmp_path / "timm").mkdir()
    torch.save({"weight": torch.ones(2)}, tmp_path / "timm" / "legacy_seresnet34.in1k.pth")
    assert read_pretrained("legacy_seresnet34")["weight"].tolist() == [1, 1]
