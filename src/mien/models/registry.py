"""The registry of networks, one file an architecture under ``mien.models.architectures``; making models by name.

Networks and estimators share one space of names: a recipe names either.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import Parameter, signature
from typing import Any, TypeVar

import torch
from torch import nn

from mien.errors import MienError, suggest
from mien.models.classifier import Classifier
from mien.models.estimator import ESTIMATORS, Estimator
from mien.models.headed import HeadedClassifier
from mien.models.shared_options import SharedOptions
from mien.registry import Registry, find_argument_faults

SET_BY_DATA = ("num_classes", "in_channels")
"""Arguments of every network that nobody sets by hand."""

SHARED_OPTIONS: Mapping[str, Parameter] = signature(SharedOptions).parameters
"""Arguments that every network takes beside its own, by name."""

_TIMM = "timm/"
Builder = TypeVar("Builder", bound=Callable[..., Classifier])


@dataclass(frozen=True)
class ModelCard:
    """What is known about a network.

    Args:
        source: Paper, report or text it was built after, with its address where there is one.
        input_size: ``(channels, height, width)`` it was made for.
        parameters: Trainable parameters with `num_classes` classes at `input_size` and default options;
            None where nobody has counted them.
        studies: Studies that use it, of ``camnet``, ``still_images``, ``compact_realtime``, ``cnn_lstm`` and
            ``resnet_cbam``; none for mien's own.
        family: Networks of one family share their code; `make test` exports one of each.
        num_classes: Classes of the study.
        further_sizes: Other ``(channels, height, width)`` it is claimed to run at.
        test_size: Smallest legal ``(channels, height, width)``, at which very large networks are tested; None takes
            `input_size`.
        note: What differs from the source, or what to know before using it.
    """

    source: str
    input_size: tuple[int, int, int]
    parameters: int | None
    studies: tuple[str, ...] = ()
    family: str = ""
    num_classes: int = 7
    further_sizes: tuple[tuple[int, int, int], ...] = ()
    test_size: tuple[int, int, int] | None = None
    note: str = ""

    @property
    def size_for_tests(self) -> tuple[int, int, int]:
        """The size at which contract tests run the network."""
        return self.test_size or self.input_size


MODELS: Registry[Callable[..., Classifier], ModelCard] = Registry("model", package="mien.models.architectures")


def register_model(name: str, *, card: ModelCard, aliases: tuple[str, ...] = ()) -> Callable[[Builder], Builder]:
    """Return the decorator that registers a `Classifier`'s class, or a function that builds one.

    Args:
        name: Registered name, the paper's or timm's in snake_case.
        card: What is known about the network.
        aliases: What studies call it, in snake_case, where that differs.
    """
    return MODELS.register(name, card=card, aliases=aliases)  # type: ignore[return-value]


def create_model(
    name: str,
    *,
    num_classes: int = 7,
    in_channels: int | None = None,
    head: Mapping[str, Any] | None = None,
    size_hw: tuple[int, int] | None = None,
    crop_side: int | None = None,
    **options: Any,
) -> Classifier:
    """Return a freshly initialised network.

    Args:
        name: Registered name or alias, or ``timm/`` and the name of any of timm's models.
        num_classes: Number of logits, at least 1.
        in_channels: 1 for grey, 3 for RGB; None takes the card's, and 3 for timm's.
        head: Arguments of `HeadedClassifier` for a head of one's choice; None keeps the network's own.
        size_hw: Height and width of the pictures that such a head is built for; None takes the card's.
        crop_side: Side of the square that the network cuts out of the middle of larger pictures, for which its head is
            built, too; None takes pictures whole.
        options: Further arguments of the network, such as ``width``, and those of `SharedOptions`.

    Raises:
        MienError: If the name is unknown, there are no classes, the network has no such option, or the head cannot be
            built.
    """
    plugin = find_builder(name)
    if num_classes < 1:
        raise MienError(f"model {name!r}: num_classes is {num_classes}; expected at least 1")
    faults = _name_and_type_faults(plugin, options, shared=SHARED_OPTIONS)
    if faults:
        raise MienError(f"model {name!r}: {'; '.join(faults)}")
    own_size = find_card(name).input_size
    shared = {option: options.pop(option) for option in SHARED_OPTIONS if option in options}
    try:
        network = plugin(
            num_classes=num_classes, in_channels=own_size[0] if in_channels is None else in_channels, **options
        )
        SharedOptions(**shared).apply(network)
        if head is not None:
            seen_hw = (crop_side, crop_side) if crop_side else size_hw or own_size[1:]
            network = HeadedClassifier(network, size_hw=seen_hw, **head)
        network.crop_side = crop_side
        return network
    except (TypeError, ValueError, RuntimeError, ZeroDivisionError) as fault:
        raise MienError(f"model {name!r}: {fault}") from fault


def create_estimator(name: str, **options: Any) -> Estimator:
    """Return an estimator that was not fitted yet.

    Args:
        name: Registered name.
        options: Arguments of the estimator, such as ``trees``.

    Raises:
        MienError: If the name is unknown, or the estimator has no such option.
    """
    plugin = ESTIMATORS.get(name).plugin
    faults = _name_and_type_faults(plugin, options)
    if faults:
        raise MienError(f"model {name!r}: {'; '.join(faults)}")
    try:
        return plugin(**options)
    except (TypeError, ValueError) as fault:
        raise MienError(f"model {name!r}: {fault}") from fault


def find_option_faults(name: str, options: dict[str, Any]) -> list[str]:
    """Return what is wrong with the options of a network or an estimator, a line each; nothing is computed.

    Args:
        name: Registered name or alias of either, or ``timm/`` and the name of any of timm's models.
        options: Arguments of the model, such as ``{"width": 24}``.

    Raises:
        MienError: If the name is unknown.
    """
    is_estimator = name in ESTIMATORS
    plugin = ESTIMATORS.get(name).plugin if is_estimator else find_builder(name)
    faults = _name_and_type_faults(plugin, options, shared=None if is_estimator else SHARED_OPTIONS)
    if not faults:
        try:
            with torch.device("meta"):
                create_estimator(name, **options) if is_estimator else create_model(name, **options)
        except MienError as fault:
            faults.append(str(fault).removeprefix(f"model {name!r}: "))
    return faults


def find_builder(name: str) -> Callable[..., Classifier]:
    """Return the class of a network, or the function that builds one.

    Args:
        name: Registered name, or ``timm/`` and the name of any of timm's models.

    Raises:
        MienError: If the name is unknown.
    """
    if name in ESTIMATORS:
        raise MienError(f"model {name!r} is an estimator, fitted in one go; expected a network")
    if name not in MODELS and not name.startswith(_TIMM):
        known = [each for entry in MODELS for each in (entry.name, *entry.aliases)]
        raise MienError(f"unknown model {name!r}{suggest(name, [*known, *ESTIMATORS.names()])}")
    if name.startswith(_TIMM):
        # Not at the top: timm takes seconds to import, and a contract or a count needs nothing of it.
        from mien.models.timm_classifier import timm_class

        return timm_class(name.removeprefix(_TIMM))
    return MODELS.get(name).plugin


def find_card(name: str) -> ModelCard:
    """Return the card of a network; that of one of timm's is made from what timm knows, without a count.

    Args:
        name: Registered name, or ``timm/`` and the name of any of timm's models.

    Raises:
        MienError: If the name is unknown.
    """
    if name.startswith(_TIMM):
        from mien.models.timm_classifier import timm_card

        return timm_card(name.removeprefix(_TIMM))
    return MODELS.get(name).card


def _name_and_type_faults(
    plugin: Callable[..., object], options: dict[str, Any], *, shared: Mapping[str, Parameter] | None = None
) -> list[str]:
    known = {key: value for key, value in signature(plugin).parameters.items() if key not in SET_BY_DATA}
    return find_argument_faults(
        {**known, **(shared or {})}, options, set_elsewhere=dict.fromkeys(SET_BY_DATA, "the data set")
    )


def count_parameters(network: nn.Module) -> int:
    """Return the number of trainable parameters."""
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
