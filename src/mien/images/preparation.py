"""Preparation: a list of named steps that turns any face into what a network was trained on.

The same steps run once over a data set before training and, by a model's contract, on every face at
recognition. An operation is one new file in ``mien.images.operations`` with ``@register_operation``.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from mien.errors import MienError
from mien.images.steps import Step, WrittenSteps, read_steps
from mien.registry import Entry, Registry, find_argument_faults

FACE_DTYPES: tuple[str, ...] = ("uint8", "float32")
"""What a face may be made of: levels from 0 to 255, or numbers after a step that gives such."""

ImageOperation = Callable[..., np.ndarray]


@dataclass(frozen=True)
class OperationCard:
    """What is known about an image operation.

    Args:
        source: Where it comes from: a paper, a standard, a library's documentation.
        takes: What it takes, of ``FACE_DTYPES``; one that takes levels alone cannot follow a step that gives numbers.
        gives: ``uint8``, ``float32``, or ``same`` as it takes.
        fit: For one that must see the training faces first: gives, from faces ``(N, H, W[, 3])`` and the arguments
            that are set, those of its arguments that have no default.
        run_stack: Does the same to faces ``(N, H, W[, 3])`` at once, where that is much faster than one by one.
        not_exported: Why it cannot stand in a model's contract; empty where it can.

    Raises:
        ValueError: If ``takes`` or ``gives`` is none of these.
    """

    source: str
    takes: tuple[str, ...] = ("uint8",)
    gives: str = "uint8"
    fit: Callable[..., dict[str, object]] | None = None
    run_stack: ImageOperation | None = None
    not_exported: str = ""

    def __post_init__(self) -> None:
        if not self.takes or not set(self.takes) <= set(FACE_DTYPES) or self.gives not in (*FACE_DTYPES, "same"):
            raise ValueError(f"an operation takes and gives {' or '.join(FACE_DTYPES)}, got {self.takes}, {self.gives}")


@dataclass(frozen=True)
class BoundStep:
    """A step that is ready to run.

    Args:
        name: Name of its operation.
        card: What is known about the operation.
        run: From a face to a face.
        run_stack: The same for faces ``(N, H, W[, 3])`` at once, or none.
    """

    name: str
    card: OperationCard
    run: Callable[[np.ndarray], np.ndarray]
    run_stack: Callable[[np.ndarray], np.ndarray] | None


OPERATIONS: Registry[ImageOperation, OperationCard] = Registry("image operation", package="mien.images.operations")
"""All image operations: functions from a face ``(H, W)`` or ``(H, W, 3)``, uint8 or float32, to such a face."""


def register_operation(name: str, *, card: OperationCard) -> Callable[[ImageOperation], ImageOperation]:
    """Return the decorator that enters an image operation under ``name``.

    Args:
        name: What steps call it.
        card: What is known about it.

    Raises:
        MienError: If the name is taken.
    """
    return OPERATIONS.register(name, card=card)


def prepare_face(face: np.ndarray, steps: WrittenSteps) -> np.ndarray:
    """Run the steps over one face, in their order.

    Args:
        face: Shape ``(H, W)`` or ``(H, W, 3)``, uint8, RGB; or float32 where it was prepared before.
        steps: Such as ``["to_grey", {"operation": "resize", "size_hw": [48, 48]}]``.

    Returns:
        The prepared face; its shape is what the steps make, its dtype float32 from the first step on that gives such.

    Raises:
        MienError: If an operation is unknown.
        ValueError: If a step names no operation, its arguments do not fit, it is not fitted, or it takes levels only
            and comes after a step that gives numbers.
    """
    return run_bound(face, bind_steps(steps))


def prepare_faces(faces: Iterable[np.ndarray], steps: WrittenSteps) -> np.ndarray:
    """Run the steps over many faces and stack them.

    Args:
        faces: Faces of shape ``(H, W)`` or ``(H, W, 3)``, uint8, RGB; their sizes may differ.
        steps: As for ``prepare_face``; they must bring all faces to one size.

    Returns:
        The prepared faces, shape ``(N, H, W)`` or ``(N, H, W, 3)``, uint8 or float32.

    Raises:
        MienError: If an operation is unknown.
        ValueError: If there is no face, the steps leave different sizes, or as for ``prepare_face``.
    """
    bound = bind_steps(steps)
    prepared = [run_bound(face, bound) for face in faces]
    if not prepared:
        raise ValueError("there must be at least one face to prepare, got none")
    shapes = {face.shape for face in prepared}
    if len(shapes) > 1:
        raise ValueError(f"the steps must bring all faces to one size, got {sorted(shapes)}; add a resize step")
    return np.stack(prepared)


def prepared_dtype(steps: WrittenSteps, *, dtype: str = "uint8") -> str:
    """Return what the steps leave: ``uint8`` or ``float32``.

    Args:
        steps: As for ``prepare_face``; they need not be fitted.
        dtype: What the faces are before.

    Raises:
        MienError: If an operation is unknown, or a step is none.
        ValueError: If a step takes levels only and comes after one that gives numbers.
    """
    steps = read_steps(steps)
    cards = [OPERATIONS.get(str(step["operation"])).card for step in steps]
    giver = ""
    for step, card in zip(steps, cards, strict=True):
        name = str(step["operation"])
        _check_order(name, card, dtype, giver=giver)
        if card.gives not in ("same", dtype):
            dtype, giver = card.gives, name
    return dtype


def find_export_faults(steps: Iterable[Step]) -> list[str]:
    """Return why steps cannot stand in a model's contract, a line each; unknown operations are not its business.

    Args:
        steps: Steps as tables.
    """
    cards = {entry.name: entry.card for entry in OPERATIONS}
    names = [step.get("operation") for step in steps]
    return [
        f"step {name!r} cannot be exported: {cards[name].not_exported}"
        for name in names
        if isinstance(name, str) and name in cards and cards[name].not_exported
    ]


def bind_steps(
    steps: WrittenSteps, registry: Registry[ImageOperation, OperationCard] = OPERATIONS
) -> tuple[BoundStep, ...]:
    """Return steps that are ready to run; many faces go through them without looking anything up again.

    Args:
        steps: As for ``prepare_face``.
        registry: Where their operations are registered.

    Raises:
        MienError: If an operation is unknown.
        ValueError: If a step names no operation, its arguments do not fit, or it is not fitted.
    """
    try:
        read = read_steps(steps)
    except MienError as fault:
        raise ValueError(str(fault)) from None
    return tuple(_bind(step, registry) for step in read)


def run_bound(face: np.ndarray, steps: Iterable[BoundStep]) -> np.ndarray:
    """Run steps over one face, in their order.

    Args:
        face: Shape ``(H, W)`` or ``(H, W, 3)``, uint8 or float32.
        steps: From ``bind_steps``.

    Raises:
        ValueError: If the face is none, or a step takes levels only and gets numbers.
    """
    if face.dtype.name not in FACE_DTYPES or face.ndim not in (2, 3) or (face.ndim == 3 and face.shape[2] != 3):
        raise ValueError(f"a face must be (H, W) or (H, W, 3), uint8 or float32, got {face.shape} {face.dtype}")
    giver = ""
    for step in steps:
        _check_order(step.name, step.card, face.dtype.name, giver=giver)
        face = step.run(face)
        giver = giver if step.card.gives == "same" else step.name
    return face


def operation_arguments(entry: Entry[ImageOperation, OperationCard]) -> dict[str, inspect.Parameter]:
    """Return the arguments of an operation by name: all but its first, which is the picture."""
    return dict(list(inspect.signature(entry.plugin).parameters.items())[1:])


def fitted_arguments(entry: Entry[ImageOperation, OperationCard]) -> tuple[str, ...]:
    """Return the arguments that fitting fills in: those without a default; none for an operation without a fit."""
    if entry.card.fit is None:
        return ()
    arguments = operation_arguments(entry)
    return tuple(name for name, argument in arguments.items() if argument.default is argument.empty)


def needs_fitting(step: Step, registry: Registry[ImageOperation, OperationCard] = OPERATIONS) -> bool:
    """Return whether a step must see the training faces before it can run.

    Args:
        step: The step as a table.
        registry: Where its operation is registered.

    Raises:
        MienError: If the operation is unknown.
    """
    return any(name not in step for name in fitted_arguments(registry.get(str(step["operation"]))))


def _bind(step: Step, registry: Registry[ImageOperation, OperationCard]) -> BoundStep:
    arguments = {name: value for name, value in step.items() if name != "operation"}
    entry = registry.get(str(step["operation"]))
    if needs_fitting(step, registry):
        raise ValueError(f"step {entry.name!r} is not fitted; fit it on the training faces first (fit_steps)")
    faults = find_argument_faults(operation_arguments(entry), arguments)
    if faults:
        raise ValueError(f"step {entry.name!r}: {'; '.join(faults)}")
    run_stack = entry.card.run_stack
    return BoundStep(
        entry.name, entry.card, _fix(entry.plugin, arguments), None if run_stack is None else _fix(run_stack, arguments)
    )


def _fix(operation: ImageOperation, arguments: Mapping[str, object]) -> Callable[[np.ndarray], np.ndarray]:
    def run(face: np.ndarray) -> np.ndarray:
        return operation(face, **arguments)

    return run


def _check_order(name: str, card: OperationCard, dtype: str, *, giver: str) -> None:
    if dtype not in card.takes:
        takes = " or ".join(card.takes)
        if giver:
            raise ValueError(f"step {name!r} takes {takes}, but {giver!r} gives {dtype}; put {name!r} before {giver!r}")
        raise ValueError(f"step {name!r} takes {takes}, got a face of {dtype}")
