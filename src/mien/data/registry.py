"""The registry of data set readers; one file a data set under ``mien.data.datasets``."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, TypeVar

from mien.data.face_set import FaceSet
from mien.errors import DataError
from mien.registry import Registry, find_argument_faults

Reader = TypeVar("Reader", bound=Callable[..., FaceSet])


@dataclass(frozen=True)
class DatasetCard:
    """What is known about a data set.

    Args:
        source: Paper or site it comes from.
        license: Terms under which it is passed on.
        num_images: Pictures that a complete copy gives with the reader's defaults; None for layouts of one's own.
        locate: Finds the data set when no path is named; None where there is no usual place.
        pictures_of: Data set whose pictures these are; empty if they are its own.
        shares_splits: Whether they also stand in the same splits there.
    """

    source: str
    license: str
    num_images: int | None
    locate: Callable[[], Path] | None = None
    pictures_of: str = ""
    shares_splits: bool = False


DATASETS: Registry[Callable[..., FaceSet], DatasetCard] = Registry("data set", package="mien.data.datasets")


def register_dataset(name: str, *, card: DatasetCard) -> Callable[[Reader], Reader]:
    """Return the decorator that registers a reader: a function from a path to a `FaceSet`.

    The keyword-only arguments of the reader are its options; a person sets them on the command line and in recipes.
    """
    return DATASETS.register(name, card=card)  # type: ignore[return-value]


def read_dataset(name: str, path: Path | str | None = None, /, **options: Any) -> FaceSet:
    """Read a data set by name.

    Args:
        name: Registered name, such as ``"fer2013"``.
        path: File or folder; None takes the data set's usual place.
        options: Options of the reader, such as ``labels="arg_max"`` of ``ferplus``.

    Raises:
        MienError: If no data set goes by that name.
        DataError: If the reader has no such option or takes no such value, no path is named where there is no usual
            place, or nothing readable lies at the path.
    """
    entry = DATASETS.get(name)
    faults = find_dataset_option_faults(name, options)
    if faults:
        raise DataError(f"data set {name!r}: {'; '.join(faults)}")
    if path is None:
        if entry.card.locate is None:
            raise DataError(f"data set {name!r} has no usual place; name its file or folder")
        path = entry.card.locate()
    return entry.plugin(Path(path), **options)


def find_dataset_options(name: str) -> dict[str, Parameter]:
    """Return the options of a reader by name: the keyword-only arguments of its function.

    Raises:
        MienError: If no data set goes by that name.
    """
    parameters = signature(DATASETS.get(name).plugin).parameters.values()
    return {each.name: each for each in parameters if each.kind is Parameter.KEYWORD_ONLY}


def find_dataset_option_faults(name: str, options: dict[str, Any]) -> list[str]:
    """Return what is wrong with a reader's options, a line each; nothing is read.

    Args:
        name: Registered name.
        options: Options of the reader, such as ``{"labels": "arg_max"}``.

    Raises:
        MienError: If no data set goes by that name.
    """
    known = find_dataset_options(name)
    faults = find_argument_faults(known, options)
    return [f"{fault} (it has none)" if not known else fault for fault in faults]
