"""From the pictures that a layout lists to a ``FaceSet``; every reader of picture files ends here."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.data.cache import describe_folder, read_through_cache
from mien.data.face_set import FaceSet
from mien.data.labelling import ReadLabels, count_pictures
from mien.data.pictures import STAYING, PictureFiles, name_unreadable
from mien.errors import DataError, PictureError

MOST_BYTES_IN_MEMORY = 1 << 29
"""Pictures of one size that unpack to more than this stay in their files."""

NO_PUBLISHED_SPLITS = "no published splits: all rows are training until splits are cut"


@dataclass(frozen=True)
class ListedPicture:
    """One picture as a layout tells it.

    Args:
        file: The picture.
        label: Its label as the layout spells it.
        split: ``training``, ``validation`` or ``test``; empty where the layout has no splits.
        key: What identifies it within the data set; empty takes its path below the data set's folder.
        columns: Further facts by name, such as ``subject``.
    """

    file: Path
    label: str
    split: str = ""
    key: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


def build_face_set(
    name: str,
    folder: Path,
    listed: Sequence[ListedPicture],
    read: ReadLabels,
    *,
    has_published_splits: bool,
    history: Sequence[str] = (),
) -> FaceSet:
    """Return the set of listed pictures, in their order.

    Pictures that are all readable, of one size and together at most 512 MB become one array, ``(N, H, W)`` where all
    are grey and ``(N, H, W, 3)`` otherwise, through the cache. All others stay in their files, and the history says
    why: an unreadable one in the middle is then a finding of the audit, and the others can still be used.

    Args:
        name: Name of the set, also in front of the row ids.
        folder: Folder of the data set; origins are relative to it.
        listed: The pictures.
        read: Their labels; pictures with label -1 are left out.
        has_published_splits: Whether the splits are the data set's own.
        history: What the reader understood besides the labels.

    Raises:
        DataError: If there are no pictures, or two of them have one key.
    """
    rows = np.flatnonzero(read.labels >= 0)
    kept = [listed[row] for row in rows.tolist()]
    if not kept:
        raise DataError(f"{folder}: no pictures of any class")
    origins = [_relative(each.file, folder) for each in kept]
    keys = [each.key or origin for each, origin in zip(kept, origins, strict=True)]
    _refuse_repeats(folder, keys, origins)
    has_splits = any(each.split for each in kept)
    columns = {name: np.array([each.columns.get(name, "") for each in kept]) for name in _column_names(kept)}
    lines = (*history, *read.history, *(() if has_splits else (NO_PUBLISHED_SPLITS,)))
    return _load_where_small(
        FaceSet(
            name=name,
            pictures=PictureFiles(tuple(each.file for each in kept)),
            labels=read.labels[rows],
            expressions=read.expressions,
            splits=np.array([each.split or "training" for each in kept], dtype="U10"),
            row_ids=np.array([f"{name}:{key}" for key in keys]),
            origins=np.array(origins),
            columns=columns,
            history=lines,
            has_published_splits=has_published_splits and has_splits,
        )
    )


def _column_names(listed: Sequence[ListedPicture]) -> list[str]:
    return list(dict.fromkeys(name for each in listed for name in each.columns))


def _relative(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else file.as_posix()


def _refuse_repeats(folder: Path, keys: Sequence[str], origins: Sequence[str]) -> None:
    first: dict[str, str] = {}
    for key, origin in zip(keys, origins, strict=True):
        if key in first:
            raise DataError(
                f"{folder}: {first[key]} and {origin} are one picture of the data set ({key}); keep one of them"
            )
        first[key] = origin


def _load_where_small(face_set: FaceSet) -> FaceSet:
    files = face_set.pictures.files if isinstance(face_set.pictures, PictureFiles) else ()
    missing = [origin for file, origin in zip(files, face_set.origins, strict=True) if not file.is_file()]
    if missing:
        line = f"{STAYING}: {len(missing)} of {len(files)} are missing, the first {missing[0]}"
        return replace(face_set, history=(*face_set.history, line))
    # The cache keeps the pixels alone: labels, splits and columns are always those just read.
    source = f"pictures {describe_folder([Path(os.path.abspath(file)) for file in files])}"  # noqa: PTH100
    loaded = read_through_cache(source, lambda: _load(face_set))
    return replace(face_set, pictures=loaded.pictures, history=(*face_set.history, loaded.history[-1]))


def _load(face_set: FaceSet) -> FaceSet:
    loaded = _load_one_size(face_set)
    if isinstance(loaded, str):
        return replace(face_set, history=(*face_set.history, f"{STAYING}: {loaded}"))
    colour = "grey" if loaded.ndim == 3 else "colour"
    line = f"{count_pictures(len(loaded))} of {loaded.shape[2]}x{loaded.shape[1]} pixels loaded, {colour}"
    return replace(face_set, pictures=loaded, history=(*face_set.history, line))


def _load_one_size(face_set: FaceSet) -> NDArray[Any] | str:
    """Return all pictures as one array, or why they cannot be one."""
    faces: NDArray[np.uint8] | None = None
    is_grey = True
    for row, picture in enumerate(face_set.read_each()):
        if isinstance(picture, PictureError):
            return name_unreadable(face_set.origins[row], picture)
        if faces is None:
            if picture.nbytes * len(face_set) > MOST_BYTES_IN_MEMORY:
                return f"together they are larger than {MOST_BYTES_IN_MEMORY >> 20} MB"
            faces = np.empty((len(face_set), *picture.shape), dtype=np.uint8)
        elif picture.shape != faces.shape[1:]:
            sizes = [f"{shape[1]}x{shape[0]}" for shape in (faces.shape[1:], picture.shape)]
            return f"of several sizes, such as {' and '.join(sizes)}"
        faces[row] = picture
        is_grey = is_grey and bool((picture == picture[:, :, :1]).all())
    return "there are none" if faces is None else faces[..., 0].copy() if is_grey else faces
