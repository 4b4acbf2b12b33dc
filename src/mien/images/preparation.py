"""Preparation: a list of named steps that turns any face into what a network was trained on.

The same steps run once over a data set before training and, by a model's contract, on every face at
recognition. An operation is one new file in ``mien.images.operations`` with ``@register_operation``.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mien.registry import Registry

Step = Mapping[str, object]
"""A step as recipes and contracts write it: ``{"operation": name, **arguments}``."""


@dataclass(frozen=True)
class OperationCard:
    """What is known about an image operation.

    Args:
        source: Where it comes from: a paper, a standard, a library's documentation.
    """

    source: str


ImageOperation = Callable[..., np.ndarray]

OPERATIONS: Registry[ImageOperation, OperationCard] = Registry("image operation", package="mien.images.operations")
"""All image operations: functions from a face ``(H, W)`` or ``(H, W, 3)`` uint8 to such a face."""


def register_operation(name: str, *, card: OperationCard) -> Callable[[ImageOperation], ImageOperation]:
    """Return the decorator that enters an image operation under ``name``.

    Args:
        name: What steps call it.
        card: What is known about it.

    Raises:
        MienError: If the name is taken.
    """
    return OPERATIONS.register(name, card=card)


def prepare_face(face: np.ndarray, steps: Sequence[Step]) -> np.ndarray:
    """Run the steps over one face, in their order.

    Args:
        face: Shape ``(H, W)`` or ``(H, W, 3)``, uint8, RGB.
        steps: Such as ``[{"operation": "to_grey"}, {"operation": "resize", "size_hw": [48, 48]}]``.

    Returns:
        The prepared face, uint8; its shape is what the steps make.

    Raises:
        MienError: If an operation is unknown.
        ValueError: If a step names no operation or its arguments do not fit.
    """
    return _run(face, [_bind(step) for step in steps])


def prepare_faces(faces: Iterable[np.ndarray], steps: Sequence[Step]) -> np.ndarray:
    """Run the steps over many faces and stack them.

    Args:
        faces: Faces of shape ``(H, W)`` or ``(H, W, 3)``, uint8, RGB; their sizes may differ.
        steps: As for ``prepare_face``; they must bring all faces to one size.

    Returns:
        The prepared faces, shape ``(N, H, W)`` or ``(N, H, W, 3)``, uint8.

    Raises:
        MienError: If an operation is unknown.
        ValueError: If there is no face, the steps leave different sizes, or a step's arguments do not fit.
    """
    operations = [_bind(step) for step in steps]
    prepared = [_run(face, operations) for face in faces]
    if not prepared:
        raise ValueError("there must be at least one face to prepare, got none")
    shapes = {face.shape for face in prepared}
    if len(shapes) > 1:
        raise ValueError(f"the steps must bring all faces to one size, got {sorted(shapes)}; add a resize step")
    return np.stack(prepared)


def _bind(step: Step) -> Callable[[np.ndarray], np.ndarray]:
    arguments = dict(step)
    name = arguments.pop("operation", None)
    if not isinstance(name, str):
        raise ValueError(f"a step must name its operation, got {dict(step)!r}")
    operation = OPERATIONS.get(name).plugin
    try:
        inspect.signature(operation).bind(None, **arguments)
    except TypeError as error:
        raise ValueError(f"step {name!r}: {error}") from error

    def run(face: np.ndarray) -> np.ndarray:
        return operation(face, **arguments)

    return run


def _run(face: np.ndarray, operations: Iterable[Callable[[np.ndarray], np.ndarray]]) -> np.ndarray:
    if face.dtype != np.uint8 or face.ndim not in (2, 3) or (face.ndim == 3 and face.shape[2] != 3):
        raise ValueError(f"a face must be (H, W) or (H, W, 3) uint8, got {face.shape} {face.dtype}")
    for operation in operations:
        face = operation(face)
    return face
