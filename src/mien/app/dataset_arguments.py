"""The arguments by which ``mien data`` commands name a data set, and the one way in which they are read."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mien.errors import MienError

if TYPE_CHECKING:
    from mien.data import FaceSet

DatasetName = Annotated[str, typer.Argument(help="Data set, such as fer2013; mien data list names them all.")]
DatasetPath = Annotated[str | None, typer.Argument(help="File or folder; its usual place if left out.")]
ReaderOptions = Annotated[
    list[str] | None,
    typer.Argument(metavar="OPTION=VALUE", help="Options of the data set, such as labels=arg_max."),
]

DatasetArguments = Annotated[
    list[str],
    typer.Argument(
        metavar="DATASET [PATH] [OPTION=VALUE]...",
        help="Data sets, each with its file or folder, unless that is the usual place, and its options behind it.",
    ),
]
"""Several data sets; `read_several` takes them apart."""


class OnUnreadable(StrEnum):
    """What may happen to rows that cannot be read or have no face."""

    REFUSE = "refuse"
    DROP = "drop"


def read_named(dataset: str, path: str | None, options: list[str] | None) -> "FaceSet":
    """Return the data set that a command's arguments name.

    Args:
        dataset: Its registered name.
        path: File or folder; a first ``OPTION=VALUE`` where the path was left out; None takes the usual place.
        options: Options of its reader, ``OPTION=VALUE`` each.

    Raises:
        MienError: If an option is no ``OPTION=VALUE``, or as for ``read_dataset``.
    """
    from mien.data import read_dataset
    from mien.settings import parse_setting

    settings = list(options or [])
    if path is not None and "=" in path and not Path(path).exists():
        settings.insert(0, path)
        path = None
    parsed = dict(parse_setting(each, expected="OPTION=VALUE, such as labels=arg_max") for each in settings)
    return read_dataset(dataset, path, **parsed)


def read_several(arguments: list[str]) -> "list[FaceSet]":
    """Return the data sets that a row of arguments names.

    Args:
        arguments: Registered names, each followed by its path, unless it is the usual one, and by its options.

    Raises:
        MienError: If the first names no data set, two paths follow one name, or as for `read_named`.
    """
    from mien.data import DATASETS

    asked: list[tuple[str, list[str]]] = []
    for each in arguments:
        if not asked or each in DATASETS:
            asked.append((DATASETS.get(each).name, []))
        else:
            asked[-1][1].append(each)
    return [read_named(name, *_split_further(name, further)) for name, further in asked]


def _split_further(name: str, further: list[str]) -> tuple[str | None, list[str]]:
    """Return the path behind a data set's name, if there is one, and its options."""
    path = next(iter(further), None)
    for each in further[1:]:
        if "=" not in each:
            raise MienError(
                f"{each!r} follows {name} {path}; expected OPTION=VALUE, or another data set, as mien data list names "
                "them"
            )
    return path, further[1:]
