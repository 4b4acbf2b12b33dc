"""Steps of preparation as recipes, the command line and the exporter need them: checked, listed, sorted for a contract.

A chain is picture operations first (find and cut out the face, `mien.faces.preparation`), then image operations
(`mien.images.preparation`); `mien.data.preparation` runs it over a set.
"""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mien.errors import DataError, ExportError, MienError, NoFaceError, suggest
from mien.faces.preparation import PICTURE_OPERATIONS, prepare_picture
from mien.images.preparation import (
    OPERATIONS,
    ImageOperation,
    OperationCard,
    bind_steps,
    find_export_faults,
    fitted_arguments,
    needs_fitting,
    operation_arguments,
    prepare_face,
    prepared_dtype,
)
from mien.images.steps import Step, WrittenSteps, describe_step, read_step, read_steps
from mien.registry import Entry, find_argument_faults


@dataclass(frozen=True)
class ContractSteps:
    """What of a chain a model's contract holds.

    Args:
        steps: Its steps, with what was fitted as plain numbers.
        left_out: A line for each step that is not among them, with the reason.
    """

    steps: tuple[dict[str, object], ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class OperationFacts:
    """An operation as the command line lists it.

    Args:
        name: Registered name.
        takes: What it takes: a picture with a face somewhere in it, or faces of uint8, or of both dtypes.
        gives: What it gives.
        arguments: Its arguments with their defaults; those that fitting fills in say so.
        title: First line of its docstring.
        is_exported: Whether it goes into a model's contract.
    """

    name: str
    takes: str
    gives: str
    arguments: str
    title: str
    is_exported: bool


def find_operation(name: str) -> Entry[ImageOperation, OperationCard]:
    """Return the picture or image operation called ``name``.

    Raises:
        MienError: If there is none; the message suggests the closest name.
    """
    if is_picture_operation(name):
        return PICTURE_OPERATIONS.get(name)
    if name in OPERATIONS.names():
        return OPERATIONS.get(name)
    known = [*PICTURE_OPERATIONS.names(), *OPERATIONS.names()]
    raise MienError(f"unknown operation {name!r}{suggest(name, known)}")


def is_picture_operation(name: str) -> bool:
    """Return whether an operation finds a face in a whole picture; such steps come first and are never exported."""
    return name in PICTURE_OPERATIONS.names()


def is_unfitted(step: Step) -> bool:
    """Return whether a step must see the training faces before it can run.

    Args:
        step: The step as a table.
    """
    return not is_picture_operation(str(step["operation"])) and needs_fitting(step)


def picture_part(steps: Sequence[Step]) -> Sequence[Step]:
    """Return the picture operations at the front of a chain.

    Args:
        steps: Steps as tables.
    """
    count = 0
    while count < len(steps) and is_picture_operation(str(steps[count]["operation"])):
        count += 1
    return steps[:count]


def find_step_faults(steps: object) -> list[str]:
    """Return what is wrong with a chain of steps, a line each; nothing is fitted.

    Args:
        steps: Anything, but meant to be steps as recipes or the command line write them.
    """
    if not isinstance(steps, str | Sequence):
        return [f"steps must be a list of names and tables, found {steps!r}"]
    try:
        written: Sequence[object] = read_steps(steps) if isinstance(steps, str) else steps
    except MienError as fault:
        return [str(fault)]
    faults = [fault for number, each in enumerate(written, 1) for fault in _find_faults_of_one(number, each)]
    read = [] if faults else read_steps(steps)
    return faults or _find_order_faults(read) or _find_faults_on_trial(read)


def check_steps(steps: WrittenSteps) -> list[dict[str, object]]:
    """Return a chain as plain tables.

    Args:
        steps: As recipes or the command line write them.

    Raises:
        DataError: If anything is wrong with them; the line lists all faults.
    """
    faults = find_step_faults(steps)
    if faults:
        raise DataError(f"steps: {'; '.join(faults)}")
    return read_steps(steps)


def contract_steps(steps: WrittenSteps, *, shape_before: Sequence[int] | None = None) -> ContractSteps:
    """Return what brings a crop to what the network was trained on: the set's steps, but for those on whole pictures.

    Faces of a data set may be small and grey before their first step, while crops come in colour and in any size. So
    a crop is first made what the set's faces were: trained on 48 pixels enlarged to 224, a model must not be fed with
    a sharp crop that was reduced to 224.

    Args:
        steps: The steps as they were fitted.
        shape_before: Shape of one face before the steps, ``(H, W)`` or ``(H, W, 3)``, of a set in memory; none for
            pictures in files, which are in colour and of any size themselves.

    Raises:
        ExportError: If a step cannot be exported, or is not fitted.
        MienError: If an operation is unknown.
    """
    read = read_steps(steps)
    kept = [] if shape_before is None else steps_to_shape(shape_before, has_picture_steps=bool(picture_part(read)))
    left_out: list[str] = []
    for step in read:
        entry = find_operation(str(step["operation"]))
        if is_picture_operation(entry.name):
            left_out.append(f"step {entry.name!r} is not in the contract: {entry.card.not_exported}")
        elif find_export_faults([step]):
            raise ExportError("; ".join(find_export_faults([step])))
        elif needs_fitting(step):
            raise ExportError(f"step {entry.name!r} is not fitted; take the steps that fit_and_prepare returned")
        else:
            kept.append(step)
    return ContractSteps(tuple(kept), tuple(left_out))


def steps_to_shape(shape: Sequence[int], *, has_picture_steps: bool) -> list[dict[str, object]]:
    """Return the steps that make colour pictures of any size what the faces of a set were before its own steps.

    Args:
        shape: Shape of one of its faces before any step, ``(H, W)`` or ``(H, W, 3)``.
        has_picture_steps: Whether its steps cut faces out, which had no size of their own.
    """
    steps: list[dict[str, object]] = [{"operation": "to_grey"}] if len(shape) == 2 else []
    if not has_picture_steps:
        steps.append({"operation": "resize", "size_hw": [int(side) for side in shape[:2]], "filter": "bilinear"})
    return steps


def list_operations() -> list[OperationFacts]:
    """Return all operations, those on whole pictures first."""
    return [_list_one(entry) for registry in (PICTURE_OPERATIONS, OPERATIONS) for entry in registry]


def _find_faults_of_one(number: int, written: object) -> list[str]:
    try:
        step = read_step(written)
        entry = find_operation(str(step["operation"]))
    except MienError as fault:
        return [f"step {number}: {fault}"]
    arguments = {name: value for name, value in step.items() if name != "operation"}
    faults = find_argument_faults(operation_arguments(entry), arguments, may_be_missing=fitted_arguments(entry))
    return [f"step {number} ({entry.name}): {fault}" for fault in faults]


def _find_order_faults(steps: Sequence[Step]) -> list[str]:
    names = [str(step["operation"]) for step in steps]
    first_image = next((name for name in names if not is_picture_operation(name)), None)
    late = [name for name in names[len(picture_part(steps)) :] if is_picture_operation(name)]
    faults = [f"step {name!r} looks for a face in the whole picture; put it before {first_image!r}" for name in late]
    try:
        prepared_dtype([step for step in steps if not is_picture_operation(str(step["operation"]))])
    except ValueError as fault:
        faults.append(str(fault))
    return faults


def _find_faults_on_trial(steps: Sequence[Step]) -> list[str]:
    """Run the steps over a picture without a face, which shows values out of range; fitted ones only give float32."""
    trial = np.tile(np.arange(64, dtype=np.uint8), (64, 1))[:, :, None].repeat(3, axis=2)
    for step in steps:
        name = str(step["operation"])
        try:
            if is_picture_operation(name):
                bound = bind_steps([step], PICTURE_OPERATIONS)
                try:
                    prepare_picture(trial, bound)
                except NoFaceError:
                    continue
            elif is_unfitted(step) or fitted_arguments(OPERATIONS.get(name)):
                trial = trial.astype(np.float32)
            else:
                trial = prepare_face(trial, [step])
        except (MienError, ValueError) as fault:
            return [f"step {name!r}: {str(fault).removeprefix(f'step {name!r}: ')}"]
    return []


def _list_one(entry: Entry[ImageOperation, OperationCard]) -> OperationFacts:
    fitted = fitted_arguments(entry)
    arguments = []
    for name, parameter in operation_arguments(entry).items():
        default = parameter.default
        if name in fitted:
            arguments.append(f"{name} (fitted)")
        elif default is parameter.empty:
            arguments.append(f"{name}=...")
        else:
            arguments.append(describe_step({"operation": "", name: default}).removeprefix(":"))
    return OperationFacts(
        name=entry.name,
        takes="picture" if is_picture_operation(entry.name) else " or ".join(entry.card.takes),
        gives=entry.card.gives,
        arguments=" ".join(arguments),
        title=(inspect.getdoc(entry.plugin) or "").partition("\n")[0],
        is_exported=not entry.card.not_exported,
    )
