"""The registry of data set readers; one file a data set under ``mien.data.datasets``."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mien.data.face_set import FaceSet
from mien.registry import Registry

Reader = TypeVar("Reader", bound=Callable[..., FaceSet])


@dataclass(frozen=True)
class DatasetCard:
    """What is known about a data set.

    Args:
        source: Paper or site it comes from.
        license: Terms under which it is passed on.
        num_images: Pictures in the complete set.
        locate: Finds the data set when no path is named; None where there is no usual place.
    """

    source: str
    license: str
    num_images: int
    locate: Callable[[], Path] | None = None


DATASETS: Registry[Callable[..., FaceSet], DatasetCard] = Registry("data set", package="mien.data.datasets")


def register_dataset(name: str, *, card: DatasetCard) -> Callable[[Reader], Reader]:
    """Return the decorator that registers a reader: a function from a path to a `FaceSet`."""
    return DATASETS.register(name, card=card)  # type: ignore[return-value]


def read_dataset(name: str, path: Path | None = None) -> FaceSet:
    """Read a data set by name.

    Args:
        name: Registered name, such as ``"fer2013"``.
        path: File or folder; None takes the data set's usual place.

    Raises:
        MienError: If no data set goes by that name.
        DataError: If nothing readable lies at the path.
    """
    entry = DATASETS.get(name)
    if path is None and entry.card.locate is not None:
        path = entry.card.locate()
    return entry.plugin(path)
