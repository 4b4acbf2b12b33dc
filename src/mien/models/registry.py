"""The registry of networks; one file an architecture under ``mien.models.architectures``."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from typing import Any, TypeVar

from torch import nn

from mien.errors import MienError, suggest
from mien.models.classifier import Classifier
from mien.registry import Registry

Builder = TypeVar("Builder", bound=Callable[..., Classifier])


@dataclass(frozen=True)
class ModelCard:
    """What is known about a network.

    Args:
        source: Paper, report or text it was built after, with its address where there is one.
        input_size: ``(channels, height, width)`` it was made for.
        parameters: Trainable parameters with 7 classes at `input_size` and default options.
        further_sizes: Other ``(channels, height, width)`` it is claimed to run at.
        note: What differs from the source, or what to know before using it.
    """

    source: str
    input_size: tuple[int, int, int]
    parameters: int
    further_sizes: tuple[tuple[int, int, int], ...] = ()
    note: str = ""


MODELS: Registry[Callable[..., Classifier], ModelCard] = Registry("model", package="mien.models.architectures")


def register_model(name: str, *, card: ModelCard) -> Callable[[Builder], Builder]:
    """Return the decorator that registers a `Classifier`'s class, or a function that builds one."""
    return MODELS.register(name, card=card)  # type: ignore[return-value]


def create_model(name: str, *, num_classes: int = 7, in_channels: int | None = None, **options: Any) -> Classifier:
    """Return a freshly initialised network.

    Args:
        name: Registered name.
        num_classes: Number of logits, at least 1.
        in_channels: 1 for grey, 3 for RGB; None takes the card's.
        options: Further arguments of the network, such as ``width``.

    Raises:
        MienError: If the name is unknown, there are no classes, or the network has no such option.
    """
    entry = MODELS.get(name)
    if num_classes < 1:
        raise MienError(f"model {name!r}: num_classes is {num_classes}; expected at least 1")
    known = [option for option in signature(entry.plugin).parameters if option not in ("num_classes", "in_channels")]
    for option in options:
        if option not in known:
            raise MienError(f"model {name!r} has no option {option!r}{suggest(option, known)}")
    channels = entry.card.input_size[0] if in_channels is None else in_channels
    try:
        return entry.plugin(num_classes=num_classes, in_channels=channels, **options)
    except (TypeError, ValueError) as fault:
        raise MienError(f"model {name!r}: {fault}") from fault


def count_parameters(network: nn.Module) -> int:
    """Return the number of trainable parameters."""
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
