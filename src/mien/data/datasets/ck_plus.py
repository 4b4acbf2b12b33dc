"""CK+ as released: video sequences from the neutral face to the peak, with a label for part of them."""

from pathlib import Path

from mien.data.face_set import FaceSet
from mien.data.labelling import read_labels
from mien.data.layouts import find_below, list_pictures
from mien.data.listing import ListedPicture, build_face_set
from mien.data.registry import DatasetCard, register_dataset
from mien.errors import DataError
from mien.expressions import VOCABULARIES

_EXPRESSIONS = dict(enumerate(VOCABULARIES["ck_plus_neutral"]))
_PICTURES, _LABELS = "cohn-kanade-images", "Emotion"
_NUM_PEAK_FRAMES = 3


@register_dataset(
    "ck_plus",
    card=DatasetCard(
        source="Lucey et al., The Extended Cohn-Kanade Dataset (CK+), 2010, https://doi.org/10.1109/CVPRW.2010.5543262",
        license="research use by agreement, not to be passed on",
        num_images=1_308,
    ),
)
def read_ck_plus(path: Path, *, neutral: bool = True) -> FaceSet:
    """Read the original release: of each labelled sequence the last three frames, and the first as neutral.

    Layout: ``cohn-kanade-images/S010/001/S010_001_00000014.png`` and ``Emotion/S010/001/*_emotion.txt`` with a number
    such as ``3.0000000e+00``: 1 to 7 for anger, contempt, disgust, fear, happy, sadness, surprise. 327 of the 593
    sequences have a label; the others are left out. Subject, sequence and frame are kept. There are no published
    splits: every row is training until splits are cut.

    Args:
        path: Folder that holds both folders.
        neutral: Whether the first frame of each labelled sequence is taken as neutral.

    Returns:
        Pictures of 640 by 490 and 640 by 480 pixels, left in their files; seven classes with contempt, and neutral
        in front of them where it is taken.

    Raises:
        DataError: If a folder is missing, a label is no number from 0 to 7, or a labelled sequence has no pictures.
    """
    pictures, labels = _find(path, _PICTURES), _find(path, _LABELS)
    label_files = sorted(each for each in labels.rglob("*_emotion.txt") if not each.name.startswith("."))
    if not label_files:
        raise DataError(f"{labels}: no labels; expected such as S010/001/S010_001_00000014_emotion.txt")
    listed: list[ListedPicture] = []
    for label_file in label_files:
        subject, sequence = label_file.parts[-3:-1]
        frames = list_pictures(pictures / subject / sequence)
        if not frames:
            raise DataError(
                f"{label_file}: labels a sequence without pictures; expected {_PICTURES}/{subject}/{sequence}"
            )
        listed += _list_sequence(frames, label=_read_label(label_file), subject=subject, neutral=neutral)
    read = read_labels(
        [each.label for each in listed],
        place=str(path),
        noun="label",
        expressions=VOCABULARIES["ck_plus_neutral" if neutral else "ck_plus"],
    )
    first = ", the first as neutral" if neutral else ""
    line = f"{len(label_files)} labelled sequences, the last {_NUM_PEAK_FRAMES} frames of each{first}"
    return build_face_set("ck_plus", path, listed, read, has_published_splits=False, history=(line,))


def _find(path: Path, name: str) -> Path:
    found = find_below(path, [name])
    if found is None or not found.is_dir():
        raise DataError(f"{path}: no folder {name}; expected CK+ as released, with {_PICTURES} and {_LABELS}")
    return found


def _read_label(file: Path) -> str:
    text = file.read_text(encoding="utf-8", errors="replace").strip()
    try:
        return _EXPRESSIONS[int(float(text))]
    except (ValueError, OverflowError, KeyError):
        raise DataError(f"{file}: label {text[:20]!r}, expected one number from 0 to 7") from None


def _list_sequence(frames: list[Path], *, label: str, subject: str, neutral: bool) -> list[ListedPicture]:
    peak = frames[-_NUM_PEAK_FRAMES:]
    chosen = [(file, label) for file in peak]
    if neutral and frames[0] not in peak:
        chosen.insert(0, (frames[0], "neutral"))
    return [
        ListedPicture(
            file,
            label=each,
            key=file.stem,
            columns={
                "subject": subject,
                "sequence": f"{subject}_{file.parent.name}",
                "frame": file.stem.rpartition("_")[2],
            },
        )
        for file, each in chosen
    ]
