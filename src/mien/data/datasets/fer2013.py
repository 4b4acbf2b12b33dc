"""FER2013 in the layouts people have: the contest's CSV, Kaggle's second CSV, packed ones, and folders of pictures."""

import csv
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.data.cache import describe_file, describe_folder, read_through_cache
from mien.data.compressed import PACKED_SUFFIXES, open_table
from mien.data.face_set import FaceSet
from mien.data.pictures import STAYING, PictureFiles, name_unreadable
from mien.data.registry import DatasetCard, register_dataset
from mien.data.splits import cut_validation
from mien.errors import DataError, PictureError
from mien.expressions import FER2013_EXPRESSIONS, FERPLUS_VOTE_NAMES, expression_named
from mien.images.preparation import prepare_face
from mien.images.reading import read_picture
from mien.places import cache_folder

SIDE_PIXELS = 48
_USAGES = {"Training": "training", "PublicTest": "validation", "PrivateTest": "test"}
_CSV_NAMES = ("fer2013.csv", "icml_face_data.csv")
_PACKED_NAMES = tuple(
    f"{name}{suffix}" for name in (*_CSV_NAMES, "fer2013", "icml_face_data") for suffix in PACKED_SUFFIXES
)
_VOTES_NAME = "fer2013new.csv"
_NUM_ANNOTATORS = 10
_FOLDERS = {"train": "training", "test": "test"}
_PICTURE_NAME = re.compile(r"(?:(Training|PublicTest|PrivateTest)_)?(.+)")
_BLOCK_ROWS = 512


def locate_fer2013() -> Path:
    """Return where FER2013 lies: ``MIEN_FER2013``, or ``../shared/fer2013`` beside the working folder.

    A packed copy (``fer2013.pack.xz`` with its tool ``../tools/fer2013.py``) is unpacked once into the cache.

    Raises:
        DataError: If it lies in neither place.
    """
    place = find_fer2013()
    return _unpack(place) if (place / "fer2013.pack.xz").exists() else place


def find_fer2013() -> Path:
    """Return the place of FER2013 as `locate_fer2013` finds it, packed or not.

    Raises:
        DataError: If it lies in neither place.
    """
    named = os.environ.get("MIEN_FER2013")
    place = Path(named) if named else Path("../shared/fer2013")
    if not place.exists():
        where = f"MIEN_FER2013 names {place}, which does not exist" if named else "MIEN_FER2013 is not set"
        raise DataError(f"FER2013 not found: {where}; name the CSV file or folder, or set MIEN_FER2013 to it")
    return place


def _unpack(place: Path) -> Path:
    unpacked = cache_folder() / "fer2013" / "fer2013.csv"
    if not unpacked.exists():
        unpacked.parent.mkdir(parents=True, exist_ok=True)
        partial = unpacked.with_suffix(f".{os.getpid()}.part")
        tool = place.parent / "tools" / "fer2013.py"
        done = subprocess.run([sys.executable, str(tool), "csv", str(partial)], capture_output=True, check=False)
        if done.returncode:
            partial.unlink(missing_ok=True)
            raise DataError(f"{place}: {tool} could not unpack it: {done.stderr.decode().strip()[-200:]}")
        partial.replace(unpacked)
    votes = unpacked.with_name(_VOTES_NAME)
    if (place / _VOTES_NAME).exists() and not votes.exists():
        votes.write_bytes((place / _VOTES_NAME).read_bytes())
    return unpacked


@register_dataset(
    "fer2013",
    card=DatasetCard(
        source="Goodfellow et al., Challenges in Representation Learning, 2013, https://arxiv.org/abs/1307.0414",
        license="research use; pictures from a search engine, not to be passed on",
        num_images=35_887,
        locate=locate_fer2013,
    ),
)
def read_fer2013(path: Path, *, votes_file: Path | None = None) -> FaceSet:
    """Read FER2013 from any of its layouts.

    Layouts: the contest's CSV (``emotion,pixels,Usage``; also ``icml_face_data.csv``, whose header has spaces and
    another order), plain or packed as .gz, .xz, .bz2, .zip or .tar.gz, a folder that holds such a file, or
    ``{train,test}/{angry,...}/*.{jpg,png}``, where splits come from the prefixes ``Training_``, ``PublicTest_``,
    ``PrivateTest_`` of the file names; without prefixes ``test`` is only test and a stratified tenth of ``train``
    becomes validation. A picture in these folders that cannot be read becomes a finding of the audit: all pictures
    stay in their files then.

    Args:
        path: CSV file, packed or plain, or folder.
        votes_file: FER+'s ``fer2013new.csv``, joined by row; None takes the one beside the data, if there is one.

    Returns:
        Faces of shape ``(N, 48, 48)``, uint8, grey.

    Raises:
        DataError: If a row, label, column or picture is not as it must be (the message names file and line), or a CSV
            and folders lie side by side.
    """
    path = Path(path)
    if path.is_dir():
        inside = [path / name for name in (*_CSV_NAMES, *_PACKED_NAMES) if (path / name).is_file()]
        if not inside and votes_file is not None:
            raise DataError(f"{path}: FER+ votes join by the rows of the CSV, and this is a folder of pictures")
        if not inside:
            return _read_folders(path)
        path = inside[0]
        pictures = [name for name in _FOLDERS if (path.parent / name).is_dir()]
        if pictures:
            raise DataError(
                f"{path.parent}: two layouts in one folder, {path.name} and {pictures[0]}; keep one of them, or name "
                "the CSV itself"
            )
    if not path.exists():
        raise DataError(f"{path} does not exist; expected fer2013.csv or a folder with train and test")
    if votes_file is None and path.with_name(_VOTES_NAME).exists():
        votes_file = path.with_name(_VOTES_NAME)
    votes_file = Path(votes_file) if votes_file else None
    if votes_file and not votes_file.is_file():
        raise DataError(f"{votes_file} does not exist; expected FER+'s {_VOTES_NAME}")
    source = describe_file(path) + (f" votes {describe_file(votes_file)}" if votes_file else "")
    return read_through_cache(source, lambda: _join_votes(_read_csv(path), votes_file))


# --- the CSV -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Columns:
    emotion: int
    pixels: int
    usage: int
    count: int


def _read_csv(file: Path) -> FaceSet:
    with open_table(file, names=_CSV_NAMES) as (stream, table):
        columns = _read_header(table, stream.readline())
        with ThreadPoolExecutor(2) as pool:
            blocks = list(pool.map(lambda block: _parse_block(table, columns, *block), _blocks_of_lines(stream)))
    if not blocks:
        raise DataError(f"{file}: no rows under the header; expected one face a row")
    faces, labels, usages, lines = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    rows = np.arange(len(labels))
    return FaceSet(
        name="fer2013",
        pictures=faces,
        labels=labels,
        expressions=FER2013_EXPRESSIONS,
        splits=usages,
        row_ids=np.char.add("fer2013:", np.char.zfill(rows.astype(str), 5)),
        origins=np.char.add(f"{file.name}:", lines.astype(str)),
        history=(f"read from {file.name}",),
    )


def _read_header(file: str, line: bytes) -> _Columns:
    names = [name.strip().strip('"').lower() for name in line.decode("utf-8-sig", "replace").split(",")]
    missing = [name for name in ("emotion", "pixels", "usage") if name not in names]
    if missing:
        found = ", ".join(names)[:100] if line.strip() else "an empty first line"
        raise DataError(f"{file}: no column {', '.join(missing)}; expected emotion, pixels, Usage, found {found}")
    return _Columns(names.index("emotion"), names.index("pixels"), names.index("usage"), len(names))


def _blocks_of_lines(stream: Iterable[bytes]) -> Iterator[tuple[int, list[bytes]]]:
    number, lines = 2, []
    for line in stream:
        lines.append(line)
        if len(lines) == _BLOCK_ROWS:
            yield number, lines
            number, lines = number + _BLOCK_ROWS, []
    if any(line.strip() for line in lines):
        yield number, lines


def _parse_block(
    file: str, columns: _Columns, first_number: int, lines: list[bytes]
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.str_], NDArray[np.int64]]:
    numbers: list[int] = []
    pixels: list[bytes] = []
    labels: list[int] = []
    usages: list[str] = []
    for number, line in enumerate(lines, start=first_number):
        if not line.strip():
            continue
        fields = line.split(b",")
        if len(fields) != columns.count:
            raise DataError(f"{file}, line {number}: {len(fields)} fields, expected {columns.count}")
        numbers.append(number)
        pixels.append(fields[columns.pixels].strip(b' \r\n"'))
        labels.append(_parse_label(file, number, fields[columns.emotion]))
        usages.append(_parse_usage(file, number, fields[columns.usage]))
    faces = _parse_pixels(pixels)
    if faces is None:
        faces = np.stack([_parse_row(file, number, row) for number, row in zip(numbers, pixels, strict=True)])
    return faces, np.array(labels, dtype=np.int64), np.array(usages), np.array(numbers, dtype=np.int64)


def _parse_label(file: str, number: int, text: bytes) -> int:
    label = text.strip(b' \r\n"')
    if not label.isdigit() or int(label) >= len(FER2013_EXPRESSIONS):
        raise DataError(f"{file}, line {number}: label {label.decode(errors='replace')!r}, expected 0 to 6")
    return int(label)


def _parse_usage(file: str, number: int, text: bytes) -> str:
    usage = text.strip(b' \r\n"').decode(errors="replace")
    if usage not in _USAGES:
        raise DataError(f"{file}, line {number}: Usage {usage!r}, expected {', '.join(_USAGES)}")
    return _USAGES[usage]


def _parse_pixels(rows: list[bytes]) -> NDArray[np.uint8] | None:
    """Return all faces of a block at once, or None if any row is not 2,304 numbers of 1 to 3 digits between blanks.

    Every byte gets the value of the number that ends there, from its own digit and the up to two before it; then the
    bytes in front of a blank are kept. This touches each byte a fixed number of times, without a Python loop.
    """
    side = SIDE_PIXELS
    text = np.frombuffer(b"   " + b" ".join(rows) + b" ", dtype=np.uint8)
    is_blank = text == 0x20
    digits = text - np.uint8(0x30)
    is_end = is_blank[1:] & ~is_blank[:-1]
    has_other = bool((~is_blank & (digits > 9)).any())
    is_long = bool((is_end[3:] & ~is_blank[2:-2] & ~is_blank[1:-3] & ~is_blank[:-4]).any())
    if has_other or is_long or int(is_end.sum()) != len(rows) * side * side:
        return None
    if any(row.count(b" ") != side * side - 1 for row in rows):
        return None
    digits[is_blank] = 0
    is_pair = ~is_blank[1:-2]
    hundreds = digits[:-3] * is_pair
    has_overflow = (hundreds > 2) | ((hundreds == 2) & (digits[1:-2] * np.uint8(10) + digits[2:-1] > 55))
    values = hundreds * np.uint8(100) + digits[1:-2] * np.uint8(10) + digits[2:-1]
    ends = is_end[2:]
    if bool((has_overflow & ends).any()):
        return None
    faces: NDArray[np.uint8] = values[ends].reshape(len(rows), side, side)
    return faces


def _parse_row(file: str, number: int, row: bytes) -> NDArray[np.uint8]:
    texts = row.split()
    if not all(text.removeprefix(b"-").isdigit() for text in texts):
        raise DataError(f"{file}, line {number}: pixels that are no whole numbers")
    values = [int(text[:20]) for text in texts]
    expected = SIDE_PIXELS * SIDE_PIXELS
    if len(values) != expected:
        raise DataError(f"{file}, line {number}: {len(values)} pixels, expected {expected}")
    if min(values) < 0 or max(values) > 255:
        raise DataError(f"{file}, line {number}: pixel values {min(values)} to {max(values)}, expected 0 to 255")
    return np.array(values, dtype=np.uint8).reshape(SIDE_PIXELS, SIDE_PIXELS)


# --- FER+ ----------------------------------------------------------------------------------------------------------


def _join_votes(face_set: FaceSet, votes_file: Path | None) -> FaceSet:
    if votes_file is None:
        return face_set
    votes = read_ferplus_votes(votes_file)
    if len(votes) != len(face_set):
        raise DataError(f"{votes_file}: {len(votes)} rows, expected {len(face_set)}, one for each row of FER2013")
    line = f"FER+ votes joined by row from {votes_file.name}"
    return replace(face_set, votes=votes, vote_names=FERPLUS_VOTE_NAMES, history=(*face_set.history, line))


def read_ferplus_votes(votes_file: Path) -> NDArray[np.int64]:
    """Return the votes of FER+'s ``fer2013new.csv``, shape ``(N, 10)``, in the order of `FERPLUS_VOTE_NAMES`.

    Raises:
        DataError: If the file is missing, a column is missing, a vote is no whole number, or there are more votes for a
            row than annotators.
    """
    if not votes_file.is_file():
        raise DataError(f"{votes_file} does not exist; expected FER+'s fer2013new.csv")
    try:
        with votes_file.open(newline="", encoding="utf-8-sig") as stream:
            header, *rows = csv.reader(stream)
    except (ValueError, csv.Error):
        raise DataError(f"{votes_file}: not a CSV file with a header; expected FER+'s fer2013new.csv") from None
    if len(header) != 2 + len(FERPLUS_VOTE_NAMES):
        raise DataError(f"{votes_file}: {len(header)} columns, expected {2 + len(FERPLUS_VOTE_NAMES)}")
    try:
        names = tuple(expression_named(name) for name in header[2:])
    except DataError as fault:
        raise DataError(f"{votes_file}: {fault}") from None
    if set(names) != set(FERPLUS_VOTE_NAMES):
        raise DataError(f"{votes_file}: vote columns {', '.join(names)}; expected {', '.join(FERPLUS_VOTE_NAMES)}")
    parsed = [_parse_votes(f"{votes_file}, line {number}", row) for number, row in enumerate(rows, start=2)]
    votes = np.array(parsed, dtype=np.int64).reshape(len(rows), len(FERPLUS_VOTE_NAMES))
    return votes[:, [names.index(name) for name in FERPLUS_VOTE_NAMES]]


def _parse_votes(place: str, row: list[str]) -> list[int]:
    texts = [text.strip() for text in row[2:]]
    if len(texts) != len(FERPLUS_VOTE_NAMES):
        raise DataError(f"{place}: {len(texts)} columns of votes, expected {len(FERPLUS_VOTE_NAMES)}")
    strange = next((text for text in texts if not text.isdecimal()), None)
    if strange is not None:
        raise DataError(f"{place}: vote {strange!r}, expected a whole number")
    votes = [int(text) for text in texts]
    if sum(votes) > _NUM_ANNOTATORS:
        raise DataError(f"{place}: {sum(votes)} votes, expected {_NUM_ANNOTATORS} at most, one an annotator")
    return votes


# --- folders -------------------------------------------------------------------------------------------------------


def _read_folders(folder: Path) -> FaceSet:
    if not any((folder / name).is_dir() for name in _FOLDERS):
        raise DataError(
            f"{folder}: neither a CSV ({' or '.join(_CSV_NAMES)}) nor folders train and test with one folder a class"
        )
    files = sorted(
        file
        for name in _FOLDERS
        for file in folder.glob(f"{name}/*/*")
        if file.suffix.lower() in (".jpg", ".jpeg", ".png")
    )
    if not files:
        raise DataError(f"{folder}: no pictures under train or test; expected {{train,test}}/angry/*.png and so on")
    return read_through_cache(f"{folder.resolve()} {describe_folder(files)}", lambda: _read_pictures(folder, files))


def _read_pictures(folder: Path, files: list[Path]) -> FaceSet:
    with ThreadPoolExecutor(4) as pool:
        faces = list(pool.map(_read_face, files))
    origins = [str(file.relative_to(folder)) for file in files]
    readable = [face for face in faces if not isinstance(face, PictureError)]
    faults = [
        f"{STAYING}: {name_unreadable(origin, face)}"
        for origin, face in zip(origins, faces, strict=True)
        if isinstance(face, PictureError)
    ]
    names = [_PICTURE_NAME.fullmatch(file.stem) for file in files]
    usages = [match.group(1) if match else None for match in names]
    is_prefixed = all(usages)
    if not is_prefixed and any(usages):
        file = files[usages.index(None)]
        raise DataError(f"{file}: no prefix Training_, PublicTest_ or PrivateTest_, which other pictures here have")
    parents = [file.parent.parent.name for file in files]
    splits = [_USAGES[usage] for usage in usages if usage] if is_prefixed else [_FOLDERS[p] for p in parents]
    face_set = FaceSet(
        name="fer2013",
        pictures=PictureFiles(tuple(files)) if faults else np.stack(readable),
        labels=np.array([_label_of_folder(file) for file in files], dtype=np.int64),
        expressions=FER2013_EXPRESSIONS,
        splits=np.array(splits, dtype="U10"),
        row_ids=np.array([_row_id(folder, file) for file in files]),
        origins=np.array(origins),
        history=(f"read from folders in {folder.name}", *faults[:1]),
    )
    if is_prefixed:
        return face_set.select(np.argsort(face_set.row_ids, kind="stable"))
    return cut_validation(face_set) if "training" in splits else face_set


def _read_face(file: Path) -> NDArray[np.uint8] | PictureError:
    try:
        face = prepare_face(read_picture(file).image_rgb, [{"operation": "to_grey"}])
    except PictureError as fault:
        return fault
    if face.shape != (SIDE_PIXELS, SIDE_PIXELS):
        raise DataError(f"{file}: {face.shape[1]}x{face.shape[0]} pixels, expected {SIDE_PIXELS}x{SIDE_PIXELS}")
    return face


def _label_of_folder(file: Path) -> int:
    try:
        name = expression_named(file.parent.name)
    except DataError as fault:
        raise DataError(f"{file.parent}: {fault}") from None
    if name not in FER2013_EXPRESSIONS:
        raise DataError(f"{file}: FER2013 has no class {name!r}; expected {', '.join(FER2013_EXPRESSIONS)}")
    return FER2013_EXPRESSIONS.index(name)


def _row_id(folder: Path, file: Path) -> str:
    prefixed = re.fullmatch(r"(?:Training|PublicTest|PrivateTest)_(\d+)", file.stem)
    return f"fer2013:{prefixed.group(1).zfill(5)}" if prefixed else f"fer2013:{file.relative_to(folder).as_posix()}"
