"""Folders as data sets lay them out: pictures below a folder, one folder a class, one folder a split.

Readers ask here where the pictures are; what their names mean they know themselves.
"""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from mien.data.listing import ListedPicture
from mien.errors import DataError
from mien.expressions import expression_named
from mien.images.reading import PICTURE_SUFFIXES

_SPLIT_SPELLINGS: dict[str, str] = {
    "training": "train training trainset trainingset fer2013train",
    "validation": "val valid validation validate valset validationset dev publictest fer2013valid",
    "test": "test testing tests testset privatetest fer2013test",
}
_SPLITS = {spelling: split for split, spellings in _SPLIT_SPELLINGS.items() for spelling in spellings.split()}


def split_named(text: str) -> str | None:
    """Return mien's name of a split, whatever its case or common spelling, or None where it is no split.

    Args:
        text: Name as a folder or column spells it.

    Example:
        >>> split_named("Training"), split_named("public_test"), split_named("happy")
        ('training', 'validation', None)
    """
    return _SPLITS.get("".join(letter for letter in text.lower() if letter.isalnum()))


def list_pictures(folder: Path) -> list[Path]:
    """Return all pictures in and below a folder, sorted by path; hidden files and folders are passed over.

    Args:
        folder: Folder to walk through; it may be a link, links to folders further down are not followed.
    """
    return sorted(_walk(folder))


def list_folders(folder: Path) -> list[Path]:
    """Return the folders directly inside a folder, sorted; hidden ones are passed over."""
    return sorted(each for each in folder.iterdir() if each.is_dir() and not _is_hidden(each.name))


def find_below(folder: Path, names: Sequence[str], *, depth: int = 2) -> Path | None:
    """Return the first file or folder of one of these names in a folder or up to ``depth`` folders below it.

    Args:
        folder: Where to look; it is itself taken where it goes by one of the names.
        names: Names in any case, the preferred one first.
        depth: How many folders further down to look.
    """
    lowered = [name.lower() for name in names]
    level = [folder]
    if folder.is_dir() and folder.name.lower() in lowered:
        return folder
    for _ in range(depth + 1):
        inside = [each for parent in level if parent.is_dir() for each in sorted(parent.iterdir())]
        for name in lowered:
            found = next((each for each in inside if each.name.lower() == name), None)
            if found is not None:
                return found
        level = [each for each in inside if not _is_hidden(each.name)]
    return None


def match_names(folder: Path, pattern: re.Pattern[str], *, example: str) -> list[tuple[Path, re.Match[str]]]:
    """Return the pictures in and below a folder with what their names, without the ending, say.

    Args:
        folder: Folder of a data set whose file names carry the facts.
        pattern: What every name looks like.
        example: Such a name, for messages.

    Raises:
        DataError: If there are no pictures, or a name does not look like that.
    """
    _refuse_no_folder(folder, f"pictures such as {example}")
    matches = [(file, pattern.fullmatch(file.stem)) for file in list_pictures(folder)]
    strange = [file.name for file, match in matches if match is None]
    if not matches or strange:
        found = f"{len(strange)} of {len(matches)} with another name, the first {strange[0]}" if strange else "none"
        raise DataError(f"{folder}: expected pictures such as {example}; found {found}")
    return [(file, match) for file, match in matches if match is not None]


def list_class_folders(folder: Path) -> list[ListedPicture]:
    """Return the pictures of ``<class>/...`` or ``<split>/<class>/...``, with the class as its folder spells it.

    A folder that holds nothing but one other folder is passed through, as unpacked archives often have one. A split
    may stand twice (``Training/Training/<class>``).

    Args:
        folder: Folder of class folders, or of split folders with class folders inside.

    Returns:
        The pictures, sorted by path; their split is empty where the layout has none.

    Raises:
        DataError: If there are no pictures, or both layouts stand side by side, or pictures lie outside any class.
    """
    _refuse_no_folder(folder, "a folder for each class")
    root = _pass_wrappers(folder)
    inside = list_folders(root)
    splits = {each: split for each in inside if (split := split_named(each.name))}
    others = [each for each in inside if each not in splits and next(_walk(each), None)]
    if splits and others:
        raise DataError(
            f"{root}: two layouts in one folder: splits ({_names(splits)}) beside other folders ({_names(others)}); "
            "expected split/class or class alone"
        )
    _refuse_loose_pictures(root)
    listed: list[ListedPicture] = []
    for split_folder, split in splits.items():
        within = list_folders(split_folder)
        _refuse_loose_pictures(split_folder)
        if len(within) == 1 and split_named(within[0].name) == split:
            _refuse_loose_pictures(within[0])
            within = list_folders(within[0])
        listed += [ListedPicture(file, label=each.name, split=split) for each in within for file in _list_class(each)]
    for each in others:
        listed += [ListedPicture(file, label=each.name) for file in _list_class(each)]
    if not listed:
        raise DataError(f"{folder}: no pictures in class folders; expected such as angry/1.png or train/angry/1.png")
    return listed


def _refuse_no_folder(folder: Path, expected: str) -> None:
    if not folder.is_dir():
        what = "a file" if folder.exists() else "no such folder"
        raise DataError(f"{folder}: {what}; expected a folder with {expected}")


def _list_class(folder: Path) -> list[Path]:
    for each in list_folders(folder):
        if split_named(each.name) or _is_expression(each.name):
            raise DataError(
                f"{each}: a split or a class inside class folder {folder.name!r}; expected split/class or class alone"
            )
    return list_pictures(folder)


def _pass_wrappers(folder: Path) -> Path:
    while True:
        inside = list_folders(folder)
        if len(inside) != 1 or _has_pictures(folder) or split_named(inside[0].name) or _is_expression(inside[0].name):
            return folder
        if not list_folders(inside[0]):
            return folder
        folder = inside[0]


def _refuse_loose_pictures(folder: Path) -> None:
    loose = [each for each in sorted(folder.iterdir()) if _is_picture(each.name)]
    if loose:
        count = f"{len(loose)} picture{'s' if len(loose) > 1 else ''}"
        raise DataError(f"{folder}: {count} outside a class folder, the first {loose[0].name}; expected all inside one")


def _has_pictures(folder: Path) -> bool:
    return any(_is_picture(each.name) for each in folder.iterdir())


def _walk(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if not _is_hidden(each))
        yield from (Path(place) / name for name in sorted(names) if _is_picture(name))


def _is_picture(name: str) -> bool:
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in PICTURE_SUFFIXES  # noqa: PTH122


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _is_expression(name: str) -> bool:
    try:
        expression_named(name)
    except DataError:
        return False
    return True


def _names(folders: Sequence[Path] | dict[Path, str]) -> str:
    names = [each.name for each in folders]
    return ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
