"""Preparing data sets: steps are fitted on the training split and run over all faces.

Training and the command line call `prepare_set` or `fit_and_prepare`; what steps there are and what is wrong with a
chain, `mien.data.steps` says.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import PIL
from numpy.typing import NDArray

from mien.data.cache import describe_rows, read_through_cache
from mien.data.face_set import FaceSet
from mien.data.gathering import OnUnreadable, prepare_rows
from mien.data.pictures import PictureFiles
from mien.data.steps import check_steps, is_unfitted, picture_part
from mien.errors import DataError
from mien.faces.preparation import PICTURE_OPERATIONS, prepare_picture
from mien.images.preparation import OPERATIONS, BoundStep, bind_steps, fitted_arguments, prepare_faces, run_bound
from mien.images.steps import Step, WrittenSteps, describe_steps, read_steps

_FORMAT = 1
"""Part of the cache's key: raised when an operation gives something else than before."""

_STACK_ROWS = 1024


def fit_steps(steps: WrittenSteps, training_faces: Iterable[NDArray[Any]]) -> tuple[dict[str, object], ...]:
    """Return the steps with the arguments filled in that are fitted on training faces, such as a mean.

    Args:
        steps: As recipes or the command line write them; those that are fitted already stay as they are.
        training_faces: Faces of the training split before any step: shape ``(N, H, W[, 3])``, or one after the other.

    Raises:
        DataError: If anything is wrong with the steps, there is no face, or they leave different sizes.
        NoFaceError: If a step finds no face in one of the pictures.
    """
    read = check_steps(steps)
    done = 0
    for position, step in enumerate(read):
        if not is_unfitted(step):
            continue
        try:
            training_faces = prepare_faces(_prepare_pictures(training_faces, read[done:position]), [])
        except ValueError as fault:
            raise DataError(f"fitting {step['operation']!r}: {fault}") from None
        read[position] = _fit(step, training_faces)
        done = position
    return tuple(read)


def prepare_set(
    face_set: FaceSet,
    steps: WrittenSteps,
    *,
    on_unreadable: OnUnreadable = "refuse",
    say_done: Callable[[int], None] = lambda _: None,
) -> FaceSet:
    """Return a set whose faces went through the steps, in memory; fitted steps see its training rows only.

    Sets in files, and those that a face detector looks at, are kept in the cache.

    Args:
        face_set: The faces, in memory or in files.
        steps: As recipes or the command line write them.
        on_unreadable: What happens to rows that cannot be read or in which no face is found: ``refuse`` the set, or
            ``drop`` them and say so in its history.
        say_done: Is told how many rows went through, now and then.

    Raises:
        DataError: If anything is wrong with the steps, the pictures stay of different sizes, there are no training
            rows to fit on, or rows cannot be read or prepared and are not dropped.
    """
    return fit_and_prepare(face_set, steps, on_unreadable=on_unreadable, say_done=say_done)[0]


def fit_and_prepare(
    face_set: FaceSet,
    steps: WrittenSteps,
    *,
    on_unreadable: OnUnreadable = "refuse",
    say_done: Callable[[int], None] = lambda _: None,
) -> tuple[FaceSet, tuple[dict[str, object], ...]]:
    """Return what ``prepare_set`` returns, and the steps with what was fitted filled in.

    Args:
        face_set: The faces, in memory or in files.
        steps: As recipes or the command line write them.
        on_unreadable: ``refuse`` or ``drop``.
        say_done: Is told how many rows went through, now and then.

    Raises:
        DataError: As for ``prepare_set``.
    """
    if on_unreadable not in ("refuse", "drop"):
        raise DataError(f"on_unreadable is {on_unreadable!r}; expected 'refuse' or 'drop'")
    read = check_steps(steps)
    if not read and face_set.is_in_memory:
        return face_set, ()
    first, *rest = _cut_before_fits(read)
    prepared = _prepare_first(face_set, first, on_unreadable=on_unreadable, say_done=say_done)
    fitted = list(first)
    for chain in rest:
        training = prepared.faces[prepared.splits == "training"]
        if not len(training):
            raise DataError(f"{prepared.name} has no training rows to fit step {chain[0]['operation']!r} on")
        chain[0] = _fit(chain[0], training)
        fitted += chain
        prepared = replace(prepared, pictures=_run_over_stack(prepared, bind_steps(chain)))
    line = f"prepared: {describe_steps(fitted)}" if read else "read into memory"
    if rest:
        line += f" (fitted on {int((prepared.splits == 'training').sum()):,} training rows)"
    return replace(prepared, history=(*prepared.history, line)), tuple(fitted)


def prepare_one(picture: NDArray[Any], steps: WrittenSteps) -> NDArray[Any]:
    """Return one picture after a chain of picture and image operations.

    Args:
        picture: Shape ``(H, W)`` or ``(H, W, 3)``, uint8, RGB.
        steps: Steps that are fitted, where they must be.

    Raises:
        NoFaceError: If no face is found.
        MienError: If an operation is unknown.
        ValueError: If a step's arguments do not fit, it is not fitted, or it takes levels only and gets numbers.
    """
    return next(_prepare_pictures([picture], read_steps(steps)))


# --- fitting -------------------------------------------------------------------------------------------------------


def _cut_before_fits(steps: Sequence[dict[str, object]]) -> list[list[dict[str, object]]]:
    """Return the chain in parts, each but the first beginning with a step that must be fitted."""
    parts: list[list[dict[str, object]]] = [[]]
    for step in steps:
        if is_unfitted(step):
            parts.append([])
        parts[-1].append(step)
    return parts


def _fit(step: Step, training: NDArray[Any]) -> dict[str, object]:
    entry = OPERATIONS.get(str(step["operation"]))
    if entry.card.fit is None:
        return dict(step)
    settings = {name: value for name, value in step.items() if name not in ("operation", *fitted_arguments(entry))}
    try:
        return {**step, **entry.card.fit(training, **settings)}
    except ValueError as fault:
        raise DataError(f"fitting {entry.name!r}: {fault}") from None


# --- running -------------------------------------------------------------------------------------------------------


class _Chain:
    """Steps that are ready to run: one picture after the other as far as that is best, then many faces at once."""

    def __init__(self, steps: Sequence[Step]) -> None:
        on_pictures = picture_part(steps)
        on_faces = bind_steps(list(steps[len(on_pictures) :]))
        head = next((place for place, step in enumerate(on_faces) if step.run_stack is not None), len(on_faces))
        self._on_pictures = bind_steps(list(on_pictures), PICTURE_OPERATIONS)
        self._on_faces, self._on_stacks = on_faces[:head], on_faces[head:]

    def begin(self, picture: NDArray[Any]) -> NDArray[Any]:
        """Return a picture after the steps before the first one that takes stacks."""
        face = prepare_picture(picture, self._on_pictures) if self._on_pictures else picture
        return run_bound(face, self._on_faces)

    def finish(self, faces: list[NDArray[Any]]) -> list[NDArray[Any]]:
        """Return faces that were begun after the other steps."""
        if not self._on_stacks or not faces:
            return faces
        if len({face.shape for face in faces}) == 1:
            return list(_run_over_block(np.stack(faces), self._on_stacks))
        return [run_bound(face, self._on_stacks) for face in faces]


def _prepare_pictures(pictures: Iterable[NDArray[Any]], steps: Sequence[Step]) -> Iterator[NDArray[Any]]:
    chain = _Chain(steps)
    return (chain.finish([chain.begin(picture)])[0] for picture in pictures)


def _prepare_first(
    face_set: FaceSet,
    steps: Sequence[Step],
    *,
    on_unreadable: OnUnreadable,
    say_done: Callable[[int], None],
) -> FaceSet:
    """Return the set after the steps that need no fitting, from the cache where that is worth it."""

    def prepare() -> FaceSet:
        chain = _Chain(steps)
        return prepare_rows(face_set, chain.begin, finish=chain.finish, on_unreadable=on_unreadable, say_done=say_done)

    if not steps and face_set.is_in_memory:
        return face_set
    if face_set.is_in_memory and not picture_part(steps):
        return prepare()
    return read_through_cache(_describe_work(face_set, steps, on_unreadable), prepare)


def _describe_work(face_set: FaceSet, steps: Sequence[Step], on_unreadable: str) -> str:
    """Return everything that the prepared set depends on."""
    digest = hashlib.sha256()
    if isinstance(face_set.pictures, PictureFiles):
        for file in face_set.pictures.files:
            facts = file.stat() if file.is_file() else None
            digest.update(f"{file.resolve()} {facts and (facts.st_size, facts.st_mtime_ns)}\n".encode())
    else:
        digest.update(face_set.fingerprint.encode())
    digest.update(describe_rows(face_set).encode())
    for value in (value for step in steps for value in step.values() if isinstance(value, np.ndarray)):
        digest.update(np.ascontiguousarray(value).data)
    import cv2

    versions = f"{_FORMAT} {PIL.__version__} {cv2.__version__}"
    return f"prepared {digest.hexdigest()} by {describe_steps(steps)}, {on_unreadable}, {versions}"


def _run_over_stack(face_set: FaceSet, steps: Sequence[BoundStep]) -> NDArray[Any]:
    """Return the faces of a set in memory after steps that are bound, those that can a whole block at a time."""
    faces = face_set.faces
    prepared: NDArray[Any] | None = None
    for start in range(0, len(faces), _STACK_ROWS):
        block = _run_over_block(faces[start : start + _STACK_ROWS], steps)
        if prepared is None:
            prepared = np.empty((len(faces), *block.shape[1:]), dtype=block.dtype)
        prepared[start : start + len(block)] = block
    return faces if prepared is None else prepared


def _run_over_block(faces: NDArray[Any], steps: Sequence[BoundStep]) -> NDArray[Any]:
    for step in steps:
        if step.run_stack is not None:
            faces = step.run_stack(faces)
        else:
            faces = np.stack([run_bound(face, [step]) for face in faces])
    return faces
