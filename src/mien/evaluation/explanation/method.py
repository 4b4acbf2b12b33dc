"""What an explanation method is, the registry of them, and the one function that runs any of them.

A method is one new file in ``mien.evaluation.explanation.methods`` with ``@register_method``.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mien.errors import ExplanationError, MienError
from mien.evaluation.explanation.explained import DifferentiableModel, ExplainedModel, ExplainedNetwork
from mien.registry import Registry, find_argument_faults

Method = Callable[..., Tensor]
"""From an `ExplainedModel`, faces ``(B, C, H, W)``, float32, and classes ``(B,)`` to maps ``(B, H, W)``.

Further arguments stand by name: ``seed``, where anything is drawn, and options with defaults. The map of a face hangs
on nothing but the face, its class and the seed: never on which faces come with it.
"""

FACES_AT_A_TIME = 32
_SET_ELSEWHERE = {"model": "explain_faces", "images": "explain_faces", "targets": "explain_faces"}


@dataclass(frozen=True)
class MethodCard:
    """What is known about an explanation method.

    Args:
        title: Its name in words.
        source: Paper that it follows, with its address.
        shows: What a number of its map is.
        needs: What a model must have: ``probabilities``, which estimators give too, ``gradients``, a convolutional
            ``feature map``, or ``attention`` over places.
        cost: Passes through the network for a face.
        is_signed: Whether numbers below zero speak against the class; all others have none.
        stays_alike: Why its maps may stay much the same when all weights are drawn anew; empty where they must not.

    Raises:
        ValueError: If `needs` is none of these.
    """

    title: str
    source: str
    shows: str
    needs: str
    cost: str
    is_signed: bool = False
    stays_alike: str = ""

    def __post_init__(self) -> None:
        if self.needs not in NEEDS:
            raise ValueError(f"an explanation method needs one of {', '.join(NEEDS)}; got {self.needs!r}")


NEEDS: tuple[str, ...] = ("probabilities", "gradients", "feature map", "attention")

METHODS: Registry[Method, MethodCard] = Registry("explanation method", package="mien.evaluation.explanation.methods")
"""All explanation methods."""


def register_method(name: str, *, card: MethodCard) -> Callable[[Method], Method]:
    """Return the decorator that enters an explanation method under ``name``.

    Args:
        name: What the command line calls it.
        card: What is known about it.

    Raises:
        MienError: If the name is taken.
    """
    return METHODS.register(name, card=card)


def explain_faces(
    model: ExplainedModel,
    faces: Tensor,
    targets: NDArray[np.int64],
    *,
    method: str = "grad_cam",
    seed: int = 0,
    **options: Any,
) -> NDArray[np.float32]:
    """Return a heat map of each face: where a model reads a class from, or what speaks against it.

    Args:
        model: What answered.
        faces: Faces as the model was trained on them, before normalisation, shape ``(N, C, H, W)``, uint8 or float32.
        targets: The class of each face that is explained, shape ``(N,)``.
        method: Registered name.
        seed: Seed of whatever the method draws.
        options: Options of the method.

    Returns:
        Raw maps, shape ``(N, H, W)``, float32, in the unit that the method's card states; equal for equal seeds.
        `mien.images.heat_map.scale_heat_map` brings one to the scale that is drawn.

    Raises:
        MienError: If the method is unknown, or an option is.
        ExplanationError: If the model has not what the method needs.
        ValueError: If shapes do not fit, a class is none of the model's, or the value of an option is out of its range.
    """
    entry = METHODS.get(method)
    known = inspect.signature(entry.plugin).parameters
    allowed = {name: known[name] for name in known if name != "seed"}
    faults = find_argument_faults(allowed, options, set_elsewhere=_SET_ELSEWHERE, may_be_missing=_SET_ELSEWHERE)
    if faults:
        raise MienError(f"explanation method {method!r}: {'; '.join(faults)}")
    _check_faces(model, faces, targets)
    if not _has_what_is_needed(model, entry.card):
        able = ", ".join(each.name for each in METHODS if _has_what_is_needed(model, each.card))
        raise ExplanationError(f"{method} needs a network; {model.kind} is explained by: {able}")
    if "seed" in known:
        options["seed"] = seed
    maps = [np.zeros((0, *faces.shape[2:]), dtype=np.float32)]
    for start in range(0, len(faces), FACES_AT_A_TIME):
        images = faces[start : start + FACES_AT_A_TIME].float()
        classes = torch.from_numpy(np.asarray(targets[start : start + FACES_AT_A_TIME], dtype=np.int64))
        maps.append(entry.plugin(model, images, classes, **options).detach().float().numpy())
    return np.concatenate(maps)


def _has_what_is_needed(model: ExplainedModel, card: MethodCard) -> bool:
    kinds = {"probabilities": ExplainedModel, "gradients": DifferentiableModel}
    return isinstance(model, kinds.get(card.needs, ExplainedNetwork))


def _check_faces(model: ExplainedModel, faces: Tensor, targets: NDArray[np.int64]) -> None:
    if faces.ndim != 4 or faces.dtype not in (torch.uint8, torch.float32):
        found = f"{faces.dtype} {tuple(faces.shape)}"
        raise ValueError(f"faces are {found}; expected uint8 or float32 (N, C, H, W)")
    if targets.shape != (len(faces),):
        raise ValueError(f"targets have shape {targets.shape}; expected ({len(faces)},), a class for each face")
    if len(targets) and not 0 <= targets.min() <= targets.max() < model.num_classes:
        raise ValueError(f"targets lie in {targets.min()}..{targets.max()}; expected 0..{model.num_classes - 1}")
