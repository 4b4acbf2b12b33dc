"""Writing a set into a folder that others can read: class folders, FER2013's CSV, or Parquet, with a card.

``mien data export`` calls `export_set`. The folder is whole or not there at all.
"""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from mien.data.export_card import CARD_NAME, is_export, write_card
from mien.data.export_tables import write_manifest, write_parquet
from mien.data.face_set import FaceSet
from mien.data.gathering import OnUnreadable, settle_faults
from mien.data.pictures import PictureFiles
from mien.errors import DataError, PictureError
from mien.expressions import FER2013_EXPRESSIONS
from mien.writing import replacing_folder

ExportFormat = Literal["folders", "csv", "parquet"]

EXPORT_FORMATS: tuple[ExportFormat, ...] = ("folders", "csv", "parquet")
"""What `export_set` writes."""

MANIFEST_NAME = "manifest.csv"

_FER2013_USAGES = {"training": "Training", "validation": "PublicTest", "test": "PrivateTest"}
_FOLDERS = {"training": "train", "validation": "validation", "test": "test"}
_FER2013_FOLDERS = {"training": "train", "validation": "test", "test": "test"}
_LEVEL_TEXTS = [str(level) for level in range(256)]
_THREADS = 4


def export_set(
    face_set: FaceSet,
    folder: Path,
    *,
    export_format: ExportFormat = "folders",
    should_overwrite: bool = False,
    on_unreadable: OnUnreadable = "refuse",
    source: str = "",
    licence: str = "",
) -> FaceSet:
    """Write a set with a card into a folder, whole or not at all.

    ``folders`` holds PNG pictures and ``manifest.csv`` with everything known about each row. Sets that FER2013's
    reader can read, 48x48 grey with some of its seven classes, get its layout ``{train,test}/CLASS/USAGE_NUMBER.png``;
    others ``{train,validation,test}/CLASS/ROW.png``. ``csv`` is FER2013's ``emotion,pixels,Usage`` and holds nothing
    else. ``parquet`` holds all of the set, float32 faces too; `mien.data.export_tables.read_exported_parquet` reads it.

    Args:
        face_set: The set; one whose pictures are in files can only become folders.
        folder: Folder to write.
        export_format: ``folders``, ``csv`` or ``parquet``.
        should_overwrite: Whether an earlier export in the folder is replaced; nothing else ever is.
        on_unreadable: What happens to rows whose files cannot be read: ``refuse`` or ``drop``.
        source: Where the pictures come from, for the card.
        licence: Terms under which they are passed on, for the card.

    Returns:
        The set as it was written, without the rows that were dropped.

    Raises:
        DataError: If the format is unknown or cannot hold these faces, or rows cannot be read.
        MissingExtraError: If Parquet is asked for and pyarrow is not installed.
        MienError: If the folder holds something, the disk is full, or the place may not be written.
    """
    if export_format not in EXPORT_FORMATS:
        raise DataError(f"unknown format {export_format!r}; expected {', '.join(EXPORT_FORMATS)}")
    _check_format_holds(face_set, export_format)
    write = {"folders": _write_folders, "csv": _write_csv, "parquet": _write_parquet}[export_format]
    if folder.is_dir() and any(folder.iterdir()):
        _check_may_overwrite(folder, should_overwrite)
    with replacing_folder(folder, is_replaceable=is_export) as partial_folder:
        written, layout = write(face_set, partial_folder, on_unreadable)
        write_card(partial_folder / CARD_NAME, written, layout=layout, source=source, licence=licence)
    return written


def is_readable_as_fer2013(face_set: FaceSet) -> bool:
    """Return whether FER2013's reader takes these faces: 48x48, grey, levels, of its seven classes."""
    return (
        face_set.is_in_memory
        and face_set.faces.shape[1:] == (48, 48)
        and face_set.faces.dtype == np.uint8
        and set(face_set.expressions) <= set(FER2013_EXPRESSIONS)
    )


# --- checks --------------------------------------------------------------------------------------------------------


def _check_format_holds(face_set: FaceSet, export_format: str) -> None:
    if not len(face_set):
        raise DataError(f"{face_set.name} has no rows to export")
    if export_format != "folders" and not face_set.is_in_memory:
        raise DataError(
            f"{face_set.name}: its pictures are in files of any size, which {export_format} cannot hold; add steps, "
            "with a resize step at least, or export as folders"
        )
    if not face_set.is_in_memory or export_format == "parquet":
        return
    if face_set.faces.dtype != np.uint8:
        raise DataError(
            f"{face_set.name}: its faces are float32, and {export_format} holds levels from 0 to 255; export as "
            "parquet, or leave out the steps that give float32"
        )
    if export_format == "csv" and face_set.faces.ndim == 4:
        raise DataError(
            f"{face_set.name}: its faces are in colour, and FER2013's CSV is grey; add the step to_grey, or export as "
            "folders or parquet"
        )


def _check_may_overwrite(folder: Path, should_overwrite: bool) -> None:
    if not is_export(folder):
        raise DataError(f"{folder}: a folder that holds something else than an export; name a new or empty one")
    if not should_overwrite:
        raise DataError(f"{folder}: holds an export already; name another folder, or overwrite it (--overwrite)")


# --- folders -------------------------------------------------------------------------------------------------------


def _write_folders(face_set: FaceSet, folder: Path, on_unreadable: OnUnreadable) -> tuple[FaceSet, str]:
    is_fer2013 = is_readable_as_fer2013(face_set)
    paths = list(_name_as_fer2013(face_set) if is_fer2013 else _name_by_row_id(face_set))
    for parent in {path.parent for path in paths}:
        (folder / parent).mkdir(parents=True)
    pictures = face_set.pictures

    def write_row(row: int) -> PictureError | None:
        try:
            picture = pictures.read(row) if isinstance(pictures, PictureFiles) else pictures[row]
        except PictureError as fault:
            return fault
        Image.fromarray(picture).save(folder / paths[row], "PNG", compress_level=4)
        return None

    with ThreadPoolExecutor(_THREADS) as pool:
        results = list(pool.map(write_row, range(len(face_set))))
    faults = {row: result for row, result in enumerate(results) if result is not None}
    written = settle_faults(face_set, faults, on_unreadable)
    write_manifest(folder / MANIFEST_NAME, written, [path for row, path in enumerate(paths) if row not in faults])
    if is_fer2013:
        return written, (
            "`{train,test}/CLASS/USAGE_NUMBER.png`, FER2013's own layout: the usage in a file's name (`Training`, "
            "`PublicTest`, `PrivateTest`) is its split. `mien data info fer2013 FOLDER` reads it."
        )
    return written, "`{train,validation,test}/CLASS/ROW.png`, a folder a split and class."


def _name_as_fer2013(face_set: FaceSet) -> Iterator[Path]:
    numbers = [re.fullmatch(r"fer2013:(\d+)", row_id) for row_id in face_set.row_ids.tolist()]
    has_numbers = all(numbers)
    for row, (label, split) in enumerate(zip(face_set.labels.tolist(), face_set.splits.tolist(), strict=True)):
        found = numbers[row]
        number = int(found.group(1)) if has_numbers and found else row
        name = f"{_FER2013_USAGES[split]}_{number:05d}.png"
        yield Path(_FER2013_FOLDERS[split], face_set.expressions[label], name)


def _name_by_row_id(face_set: FaceSet) -> Iterator[Path]:
    taken: set[str] = set()
    for row, row_id in enumerate(face_set.row_ids.tolist()):
        name = _to_file_name(row_id)
        while name.casefold() in taken:
            name = f"{name}_{row}"
        taken.add(name.casefold())
        yield Path(_FOLDERS[str(face_set.splits[row])], face_set.expressions[face_set.labels[row]], f"{name}.png")


# --- one file ------------------------------------------------------------------------------------------------------


def _write_csv(face_set: FaceSet, folder: Path, _: OnUnreadable) -> tuple[FaceSet, str]:
    file = folder / f"{_to_file_name(face_set.name)}.csv"
    order = FER2013_EXPRESSIONS if set(face_set.expressions) <= set(FER2013_EXPRESSIONS) else face_set.expressions
    numbers = [order.index(expression) for expression in face_set.expressions]
    with file.open("w", newline="", encoding="ascii") as stream:
        stream.write("emotion,pixels,Usage\n")
        for face, label, split in zip(face_set.faces, face_set.labels.tolist(), face_set.splits.tolist(), strict=True):
            pixels = " ".join([_LEVEL_TEXTS[level] for level in face.tobytes()])
            stream.write(f"{numbers[label]},{pixels},{_FER2013_USAGES[split]}\n")
    classes = ", ".join(f"{number} {name}" for number, name in enumerate(order))
    layout = (
        f"`{file.name}`, FER2013's own: `emotion,pixels,Usage`, where emotion is {classes}, and the usages `Training`, "
        "`PublicTest` and `PrivateTest` are training, validation and test. Row ids, origins, votes and further columns "
        "are not in it."
    )
    if is_readable_as_fer2013(face_set):
        layout += f" `mien data info fer2013 FOLDER/{file.name}` reads it."
    return face_set, layout


def _write_parquet(face_set: FaceSet, folder: Path, _: OnUnreadable) -> tuple[FaceSet, str]:
    size = face_set.faces.shape[1:]
    file = write_parquet(folder / "faces.parquet", face_set)
    order = "line by line" + (", the channels of a pixel together" if len(size) == 3 else "")
    return face_set, (
        f"`{file.name}`: a row for each face; `pixels` is its {'x'.join(map(str, size))} numbers, {order}. Size, "
        "classes and history are in its metadata, key `mien`; `mien.data.export_tables.read_exported_parquet` reads it."
    )


def _to_file_name(text: str) -> str:
    """Return a text as a file's name without an ending, of letters, digits, dots, hyphens and underscores."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", text).strip("._")[:120] or "row"
