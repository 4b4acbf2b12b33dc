"""Published weights, from files that the user fetched: nothing is downloaded behind anyone's back."""

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import timm
import torch
from timm.models import adapt_input_conv
from torch import Tensor, nn

from mien.errors import MienError
from mien.models.weights import read_weights
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
    return _find(name, address, weights_folder() / "timm" / f"{name}{Path(address).suffix}")


def find_published(network: str, address: str, *, publisher: str) -> Path:
    """Return the file of weights that others than timm publish, in the weights folder.

    Args:
        network: What the message calls the network.
        address: Where the file is published; it keeps its name.
        publisher: Folder of the weights folder that it lies in.

    Raises:
        MienError: If the file is not there; the line names what to fetch and where to put it.
    """
    return _find(network, address, weights_folder() / publisher / PurePosixPath(urlsplit(address).path).name)


def _find(name: str, address: str, file: Path) -> Path:
    if not file.is_file():
        raise MienError(f"pretrained weights of {name!r} are not there; fetch {address} and put it at {file}")
    return file


def is_built_without_memory() -> bool:
    """Return whether networks are at present built on torch's ``meta`` device, to count them or check their options."""
    return torch.get_default_device().type == "meta"


def load_published(
    body: nn.Module,
    file: Path,
    *,
    first: str,
    rename: Callable[[dict[str, Tensor]], dict[str, Tensor]] = dict,
) -> None:
    """Put published weights into a network without its head; the first convolution is summed over colours for grey.

    Nothing is read for a network without memory for its weights, which is built to check its options.

    Args:
        body: Changed in place.
        file: Their file, as `mien.models.weights.read_weights` takes it.
        first: Name of the first convolution's weight in the body.
        rename: From the published names to the body's; weights that the body has not, such as the head's, are left out.

    Raises:
        MienError: If the file holds no weights, or weights of the body are missing or have another shape.
    """
    if is_built_without_memory():
        return
    published = rename(read_weights(file))
    own = {name: published[name] for name in body.state_dict() if name in published}
    if first in own:
        own[first] = adapt_input_conv(body.get_parameter(first).shape[1], own[first])
    # torch's count of batches is of no use in published weights, and early ones lack it.
    missing = [name for name in body.state_dict() if name not in own and not name.endswith("num_batches_tracked")]
    if missing:
        raise MienError(f"{file}: another network's weights ({len(missing)} are missing, first {missing[0]!r})")
    try:
        body.load_state_dict(own, strict=False)
    except RuntimeError as fault:
        raise MienError(f"{file}: another network's weights ({str(fault).splitlines()[1].strip()})") from fault
