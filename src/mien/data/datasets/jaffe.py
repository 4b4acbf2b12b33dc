"""JAFFE: ten Japanese women, seven expressions, 213 grey pictures of 256 by 256 pixels."""

import re
from pathlib import Path

from mien.data.face_set import FaceSet
from mien.data.labelling import read_labels
from mien.data.layouts import match_names
from mien.data.listing import ListedPicture, build_face_set
from mien.data.registry import DatasetCard, register_dataset
from mien.expressions import FER2013_EXPRESSIONS

_NAME = re.compile(r"([A-Z]{2})\.([A-Z]{2})(\d+)\.(\d+)", re.IGNORECASE)


@register_dataset(
    "jaffe",
    card=DatasetCard(
        source="Lyons et al., Coding Facial Expressions with Gabor Wavelets, 1998, "
        "https://doi.org/10.5281/zenodo.3451524",
        license="non-commercial research, not to be passed on",
        num_images=213,
    ),
)
def read_jaffe(path: Path) -> FaceSet:
    """Read files such as ``KA.AN1.39.tiff``: subject, expression and take, number.

    There are no published splits: every row is training until splits are cut; with ten subjects, splits should keep
    them apart.

    Args:
        path: Folder with the pictures, in it or below it.

    Returns:
        Faces of shape ``(213, 256, 256)``, uint8, grey.

    Raises:
        DataError: If there are no pictures, one has another kind of name, or a code stands for no expression.
    """
    matches = match_names(path, _NAME, example="KA.AN1.39.tiff")
    listed = [
        ListedPicture(
            file,
            label=match.group(2).upper(),
            key=file.stem.upper(),
            columns={"subject": match.group(1).upper()},
        )
        for file, match in matches
    ]
    read = read_labels([each.label for each in listed], place=str(path), noun="code", expressions=FER2013_EXPRESSIONS)
    return build_face_set("jaffe", path, listed, read, has_published_splits=False)
