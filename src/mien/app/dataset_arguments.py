"""The arguments by which ``mien data`` commands name a data set, and the one way in which they are read."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mien.data import FaceSet

DatasetName = Annotated[str, typer.Argument(help="Data set, such as fer2013; mien data list names them all.")]
DatasetPath = Annotated[str | None, typer.Argument(help="File or folder; its usual place if left out.")]
ReaderOptions = Annotated[
    list[str] | None,
    typer.Argument(metavar="OPTION=VALUE", help="Options of the data set, such as labels=arg_max."),
]


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
