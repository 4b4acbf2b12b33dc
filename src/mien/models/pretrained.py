"""Weights that timm publishes, from a file that the user fetched: nothing is downloaded behind anyone's back."""

from pathlib import Path

import timm
import torch
from safetensors.torch import load_file
from torch import Tensor

from mien.errors import MienError
from mien.places import weights_folder


def find_pretrained(architecture: str) -> Path:
    """Return the file of a timm model's published weights in the weights folder.

    Args:
        architecture: timm's name, with or without the tag of the weights.

    Raises:
        MienError: If timm knows no such weights, or the file is not there; the line names what to fetch and where to
            put it.
    """
    config = timm.get_pretrained_cfg(architecture)
    address = str(config.url or "") if config is not None else ""
    if config is not None and config.hf_hub_id:
        address = (
            f"https://huggingface.co/{config.hf_hub_id}/resolve/main/{config.hf_hub_filename or 'model.safetensors'}"
        )
    if config is None or not address:
        raise MienError(f"timm publishes no weights for {architecture!r}; leave out pretrained")
    name = f"{architecture.partition('.')[0]}.{config.tag}" if config.tag else architecture
    file = weights_folder() / "timm" / f"{name}{Path(address).suffix}"
    if not file.is_file():
        raise MienError(f"pretrained weights of {name!r} are not there; fetch {address} and put it at {file}")
    return file


def read_pretrained(architecture: str) -> dict[str, Tensor]:
    """Return a timm model's published weights by timm's names, read from the weights folder.

    Args:
        architecture: timm's name, with or without the tag of the weights.

    Raises:
        MienError: If the file is not there.
    """
    file = find_pretrained(architecture)
    if file.suffix == ".safetensors":
        return load_file(file)
    weights: dict[str, Tensor] = torch.load(file, map_location="cpu", weights_only=True)
    return weights
