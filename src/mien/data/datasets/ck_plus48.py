"""CK+ as the 48-pixel crops that circulate: the last three frames of each labelled sequence, a folder a class."""

import re
from dataclasses import replace
from pathlib import Path

from mien.data.face_set import FaceSet
from mien.data.labelling import Unknown, read_labels
from mien.data.layouts import list_class_folders
from mien.data.listing import ListedPicture, build_face_set
from mien.data.registry import DatasetCard, register_dataset
from mien.errors import DataError
from mien.expressions import CK_PLUS_EXPRESSIONS

_NAME = re.compile(r"(S\d{3})_(\d{3})_(\d{8})", re.IGNORECASE)


@register_dataset(
    "ck_plus48",
    card=DatasetCard(
        source="Lucey et al., The Extended Cohn-Kanade Dataset (CK+), 2010, "
        "https://doi.org/10.1109/CVPRW.2010.5543262; cropped to 48 pixels by others",
        license="research use by agreement, not to be passed on",
        num_images=981,
        pictures_of="ck_plus",
    ),
)
def read_ck_plus48(path: Path, *, unknown: Unknown = "refuse") -> FaceSet:
    """Read the folders ``CK+48/<class>/S010_004_00000017.png``: seven classes, with contempt and without neutral.

    Subject, sequence and frame come from the file names. There are no published splits: every row is training until
    splits are cut; a subject has up to 18 pictures, so splits should keep subjects apart.

    Args:
        path: The folder ``CK+48``, or one that holds nothing else.
        unknown: Pictures of folders that are none of the seven classes: ``refuse`` the set, or ``skip`` them.

    Returns:
        Faces of shape ``(N, 48, 48)``, uint8, grey.

    Raises:
        DataError: If there are no class folders or one of them is no class.
    """
    listed = list_class_folders(Path(path))
    if any(each.split for each in listed):
        raise DataError(f"{path}: split folders, which CK+48 does not have; read it as class_folders")
    listed = [_with_facts_of_name(each) for each in listed]
    read = read_labels(
        [each.label for each in listed], place=str(path), expressions=CK_PLUS_EXPRESSIONS, unknown=unknown
    )
    without = sum(not each.columns["subject"] for each in listed)
    lines = (f"file names that tell no subject: {without}; expected such as S010_004_00000017",) if without else ()
    return build_face_set("ck_plus48", Path(path), listed, read, has_published_splits=False, history=lines)


def _with_facts_of_name(each: ListedPicture) -> ListedPicture:
    match = _NAME.fullmatch(each.file.stem)
    if match is None:
        return replace(each, columns={"subject": "", "sequence": "", "frame": ""})
    subject, sequence, frame = match.group(1).upper(), match.group(2), match.group(3)
    columns = {"subject": subject, "sequence": f"{subject}_{sequence}", "frame": frame}
    return replace(each, key=f"{subject}_{sequence}_{frame}", columns=columns)
