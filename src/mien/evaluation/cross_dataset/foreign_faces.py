"""Faces of another data set, chosen and prepared as those that a run was trained on."""

from collections.abc import Sequence

from mien.data import FaceSet
from mien.data.gathering import OnUnreadable
from mien.data.preparation import prepare_set
from mien.data.steps import check_steps, picture_part, steps_to_shape
from mien.errors import DataError
from mien.images.steps import WrittenSteps
from mien.training.training_data import TrainingData

ALL_BUT_TEST = "all-but-test"
SPLIT_CHOICES: dict[str, tuple[str, ...]] = {
    ALL_BUT_TEST: ("training", "validation"),
    "training": ("training",),
    "validation": ("validation",),
    "test": ("test",),
}
"""Splits of another data set that may be asked for, by the word for them."""


def find_splits(other: FaceSet, split: str) -> tuple[str, ...]:
    """Return the splits of a set that a word stands for, those alone that have rows.

    Args:
        other: The set.
        split: A key of `SPLIT_CHOICES`.

    Raises:
        DataError: If the word is unknown, or stands for no row of the set.
    """
    if split not in SPLIT_CHOICES:
        raise DataError(f"unknown split {split!r}; expected {', '.join(SPLIT_CHOICES)}")
    counts = other.split_counts()
    found = tuple(name for name in SPLIT_CHOICES[split] if counts[name])
    if not found:
        known = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "none at all"
        raise DataError(f"{other.name} has no {' or '.join(SPLIT_CHOICES[split])} rows; it has {known}")
    return found


def prepare_alike(
    data: TrainingData, other: FaceSet, *, steps: WrittenSteps = (), on_unreadable: OnUnreadable = "refuse"
) -> FaceSet:
    """Return the faces of another set as a run's own came to be: of their colour and size, then by the same steps.

    Steps that were fitted keep what they were fitted to; nothing is fitted to the other set.

    Args:
        data: The run's own faces.
        other: Faces of another set, in memory or in files.
        steps: Steps that come first, such as ``crop_face``, in place of the run's own steps on whole pictures.
        on_unreadable: What happens to rows that cannot be read or show no face: ``refuse`` or ``drop``.

    Raises:
        DataError: If the faces come out otherwise than the run's, or as for ``prepare_set``.
    """
    prepared = prepare_set(other, _chain(data, steps), on_unreadable=on_unreadable)
    found, expected = ((*each.faces.shape[1:], each.faces.dtype) for each in (prepared, data.face_set))
    if found != expected:
        raise DataError(
            f"{other.name}: its faces are prepared to {_describe(found)}, those of {data.face_set.name} were "
            f"{_describe(expected)}; bring them to one shape with steps"
        )
    return prepared


def _chain(data: TrainingData, steps: WrittenSteps) -> list[dict[str, object]]:
    cutting = picture_part(data.steps)
    shape = data.before.faces.shape[1:] if data.before.is_in_memory else None
    # Pictures in files are read in colour; sets in memory may be grey.
    to_shape: list[dict[str, object]] = [{"operation": "grey_to_rgb"}] if shape is None or len(shape) == 3 else []
    if shape is not None:
        to_shape += steps_to_shape(shape, has_picture_steps=bool(cutting))
    first = check_steps(steps) or [dict(step) for step in cutting]
    return [*first, *to_shape, *(dict(step) for step in data.steps[len(cutting) :])]


def _describe(shape_and_dtype: Sequence[object]) -> str:
    height, width, *further = shape_and_dtype
    return f"{width}x{height} {'RGB ' if len(further) > 1 else 'grey '}{further[-1]}"
