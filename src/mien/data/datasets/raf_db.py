"""RAF-DB: 15,339 aligned faces in seven basic expressions and 3,954 in eleven compound ones, split as published."""

from pathlib import Path
from typing import NamedTuple

from mien.data.face_set import FaceSet
from mien.data.labelling import count_pictures, label_numbers, read_labels
from mien.data.layouts import find_below, list_class_folders, list_pictures
from mien.data.listing import ListedPicture, build_face_set
from mien.data.registry import DatasetCard, register_dataset
from mien.errors import DataError
from mien.expressions import VOCABULARIES

_LIST_NAMES = ("list_patition_label.txt", "list_partition_label.txt")
_SPLITS = {"train": "training", "test": "test"}


class _Line(NamedTuple):
    number: int
    stem: str
    label: str


@register_dataset(
    "raf_db",
    card=DatasetCard(
        source="Li, Deng and Du, Reliable Crowdsourcing and Deep Locality-Preserving Learning for Expression "
        "Recognition in the Wild, 2017, http://www.whdeng.cn/raf/model1.html",
        license="non-commercial research on request, not to be passed on",
        num_images=15_339,
    ),
)
def read_raf_db(path: Path, *, compound: bool = False) -> FaceSet:
    """Read the aligned pictures with the published training and test split.

    Layouts: the release, ``Image/aligned/train_00001_aligned.jpg`` with ``EmoLabel/list_patition_label.txt`` (spelled
    so), whose lines are ``train_00001.jpg 5``; or the folders ``{train,test}/{1..7}/*.jpg`` common on the web. Labels 1
    to 7 are surprise, fear, disgust, happiness, sadness, anger, neutral.

    Args:
        path: The folder ``basic`` (or ``compound``), one that holds it, or that of the folders ``train`` and ``test``.
        compound: Whether to read the eleven compound expressions (labels 1 to 11), which lie in a folder of their own.

    Returns:
        Faces of shape ``(N, 100, 100, 3)``, uint8, RGB, in training and test; there is no published validation split.

    Raises:
        DataError: If the list or the pictures are missing, a line is not a name and a label of this set, a line
            stands twice, a picture of the list is missing, or both layouts lie side by side.
    """
    folder = find_below(path, ["compound" if compound else "basic"], depth=1) or path
    label_list = find_below(folder, _LIST_NAMES)
    folders = find_below(folder, ["train"], depth=1)
    name = "raf_db_compound" if compound else "raf_db"
    names = label_numbers(name, first=1)
    if label_list is not None and folders is not None and folders.is_dir():
        raise DataError(f"{folder}: two layouts in one folder, {label_list.name} and train; keep one of them")
    if label_list is not None:
        listed, lines = _list_release(folder, label_list, names)
    elif folders is not None and folders.is_dir():
        listed, lines = list_class_folders(folders.parent), ()
    else:
        raise DataError(f"{folder}: no {_LIST_NAMES[0]} and no folders train and test; expected RAF-DB as released")
    read = read_labels(
        [each.label for each in listed],
        place=str(folder),
        noun="folder" if label_list is None else "label",
        expressions=VOCABULARIES[name],
        names=names,
    )
    if compound and read.labels.max() < len(VOCABULARIES["raf_db"]):
        raise DataError(
            f"{folder}: labels 1 to 7 alone, which are the basic ones; name the folder of the compound ones"
        )
    return build_face_set(name, path, listed, read, has_published_splits=True, history=lines)


def _list_release(folder: Path, label_list: Path, names: dict[str, str]) -> tuple[list[ListedPicture], tuple[str, ...]]:
    aligned = find_below(folder, ["aligned"])
    if aligned is None or not aligned.is_dir():
        raise DataError(f"{folder}: no folder Image/aligned; expected the aligned pictures of RAF-DB")
    files = {file.stem.removesuffix("_aligned"): file for file in list_pictures(aligned)}
    listed = []
    for line in _read_lines(label_list, names):
        if line.stem not in files:
            place = f"{label_list}, line {line.number}"
            raise DataError(f"{place}: no picture {line.stem}_aligned.jpg in {aligned}")
        split = _SPLITS[line.stem.partition("_")[0]]
        listed.append(ListedPicture(files[line.stem], label=line.label, split=split, key=line.stem))
    more = len(files) - len(listed)
    return listed, ((f"{count_pictures(more)} without a line in {label_list.name} left out",) if more else ())


def _read_lines(file: Path, names: dict[str, str]) -> list[_Line]:
    lines: list[_Line] = []
    first: dict[str, int] = {}
    for number, text in enumerate(file.read_text(encoding="utf-8-sig", errors="replace").splitlines(), start=1):
        if not text.strip():
            continue
        fields = text.split()
        stem = fields[0].rpartition(".")[0] or fields[0]
        if len(fields) != 2 or stem.partition("_")[0] not in _SPLITS:
            raise DataError(f"{file}, line {number}: {text.strip()[:60]!r}, expected such as 'train_00001.jpg 5'")
        if fields[1] not in names:
            hint = "; compound = true reads the compound labels" if len(names) == 7 and fields[1].isdigit() else ""
            raise DataError(f"{file}, line {number}: label {fields[1]!r}, expected 1 to {len(names)}{hint}")
        if stem in first:
            raise DataError(f"{file}, line {number}: {fields[0]} stands in line {first[stem]} already")
        first[stem] = number
        lines.append(_Line(number, stem.removesuffix("_aligned"), fields[1]))
    if not lines:
        raise DataError(f"{file}: empty; expected lines such as 'train_00001.jpg 5'")
    return lines
