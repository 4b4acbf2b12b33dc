"""What there is to know about a registered network: its card, its cost, its options, and which shipped model is one."""

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from mien.models.registry import MODELS, SET_BY_DATA, ModelCard, create_model, find_builder, find_card
from mien.models.shared_options import SharedOptions
from mien.models.summary import ModelSummary, summarize
from mien.recognition.model_file import Contract


@dataclass(frozen=True)
class Option:
    """An argument of a network.

    Args:
        name: Its name, also in a recipe's ``[model]``.
        default: Its default.
        description: What the docstring says about it; empty where it says nothing.
    """

    name: str
    default: Any
    description: str


@dataclass(frozen=True)
class NetworkFacts:
    """A network with its cost at one input size.

    Args:
        name: Registered name.
        aliases: Further names it goes by.
        card: Its card.
        title: First line of its docstring.
        summary: What it is made of.
        smallest_side: Smallest height and width it takes, in pixels.
        options: Its own arguments.
    """

    name: str
    aliases: tuple[str, ...]
    card: ModelCard
    title: str
    summary: ModelSummary
    smallest_side: int
    options: tuple[Option, ...]


def find_facts(name: str, *, num_classes: int | None = None, side: int | None = None, **options: Any) -> NetworkFacts:
    """Return what there is to know about a network; nothing is computed and no memory taken for its weights.

    Args:
        name: Registered name, or ``timm/`` and the name of any of timm's models.
        num_classes: Number of logits; None takes the card's.
        side: Height and width of the pictures; None takes the card's.
        options: Arguments of the network.

    Raises:
        MienError: If the name or an option is unknown.
        ValueError: If the network does not take pictures of this side.
    """
    card = find_card(name)
    channels, height, width = card.input_size
    builder = find_builder(name)
    entry = None if "/" in name else MODELS.get(name)
    with torch.device("meta"):
        network = create_model(name, num_classes=num_classes or card.num_classes, in_channels=channels, **options)
    return NetworkFacts(
        name=entry.name if entry else name,
        aliases=entry.aliases if entry else (),
        card=card,
        title=(inspect.getdoc(builder) or "").partition("\n")[0],
        summary=summarize(network, (channels, side or height, side or width)),
        smallest_side=network.smallest_side,
        options=find_options(builder),
    )


def find_options(builder: Callable[..., object]) -> tuple[Option, ...]:
    """Return the arguments of a network or an estimator but for those that the data set sets.

    Descriptions are taken from the docstrings of the class and of those it derives from.

    Args:
        builder: What makes it.
    """
    descriptions = _read_descriptions(builder)
    return tuple(
        Option(name, parameter.default, descriptions.get(name, ""))
        for name, parameter in inspect.signature(builder).parameters.items()
        if name not in SET_BY_DATA
    )


def find_shared_options() -> tuple[Option, ...]:
    """Return the arguments that every network takes beside its own."""
    return find_options(SharedOptions)


def names_of_shipped(contracts: Sequence[Contract]) -> dict[str, tuple[str, ...]]:
    """Return the names under which models ship, by the network that each was trained as.

    Args:
        contracts: Contracts of the shipped files.
    """
    by_network: dict[str, tuple[str, ...]] = {}
    for contract in contracts:
        model = contract.recipe.get("model")
        if isinstance(model, dict) and isinstance(model.get("name"), str):
            by_network[model["name"]] = (*by_network.get(model["name"], ()), contract.name)
    return by_network


def _read_descriptions(builder: Callable[..., object]) -> dict[str, str]:
    classes = inspect.getmro(builder) if inspect.isclass(builder) else (builder,)
    descriptions: dict[str, str] = {}
    for each in reversed(classes):
        descriptions |= _read_args(inspect.cleandoc(each.__doc__ or ""))
    return descriptions


def _read_args(docstring: str) -> dict[str, str]:
    """Return what stands under ``Args:`` of a docstring in Google style, by argument."""
    _, found, rest = docstring.partition("\nArgs:\n")
    if not found:
        return {}
    block = re.split(r"\n(?=\S)", rest, maxsplit=1)[0]
    entries = re.findall(r"^ {4}(\w+): (.*(?:\n {8,}.*)*)", block, flags=re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in entries}
