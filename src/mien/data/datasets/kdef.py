"""KDEF: seventy people, seven expressions, five angles, two sessions; 4,900 pictures of 562 by 762 pixels."""

import re
from pathlib import Path
from typing import Literal

from mien.data.face_set import FaceSet
from mien.data.labelling import count_pictures, read_labels
from mien.data.layouts import find_below, match_names
from mien.data.listing import ListedPicture, build_face_set
from mien.data.registry import DatasetCard, register_dataset
from mien.errors import DataError
from mien.expressions import FER2013_EXPRESSIONS

Angle = Literal["S", "HL", "HR", "FL", "FR"]
_ALL_ANGLES: tuple[Angle, ...] = ("S", "HL", "HR", "FL", "FR")
_NAME = re.compile(r"([AB])([FM])(\d{2})([A-Z]{2})(S|HL|HR|FL|FR)|AF31V|AM31H", re.IGNORECASE)


@register_dataset(
    "kdef",
    card=DatasetCard(
        source="Lundqvist, Flykt and Öhman, The Karolinska Directed Emotional Faces, 1998, https://www.kdef.se",
        license="non-commercial research, not to be passed on",
        num_images=4_898,
    ),
)
def read_kdef(path: Path, *, angles: Angle | tuple[Angle, ...] = _ALL_ANGLES) -> FaceSet:
    """Read files such as ``AF01ANS.JPG``: session, sex, number, expression, angle; flat or in a folder a subject.

    A subject is sex and number, as ``F01`` and ``M01`` are two people; session (A or B), sex (F or M) and angle are
    kept too. Two files of the release have broken names (``AF31V.JPG``, ``AM31H.JPG``) and are left out. There are no
    published splits: every row is training until splits are cut; each subject has 70 pictures.

    Args:
        path: Folder with the pictures, in it or below it, or the one that holds the folder ``KDEF``.
        angles: Angles to read: ``S`` straight, ``HL`` half left, ``HR`` half right, ``FL`` full left, ``FR`` full
            right.

    Returns:
        Pictures in their files, 562 by 762 pixels, in colour.

    Raises:
        DataError: If there are no pictures, one has another kind of name, or a code stands for no expression.
    """
    wanted = (angles,) if isinstance(angles, str) else tuple(angles)
    folder = find_below(path, ["KDEF"], depth=0) or path
    matches = match_names(folder, _NAME, example="AF01ANS.JPG")
    named = [(file, match) for file, match in matches if match.group(1)]
    listed = [_list_picture(file, match) for file, match in named if match.group(5).upper() in wanted]
    if not listed:
        raise DataError(f"{path}: no pictures of the angles {', '.join(wanted) or '(none are named)'}")
    lines = []
    if len(named) < len(matches):
        lines.append(f"{count_pictures(len(matches) - len(named))} with broken names (AF31V, AM31H) left out")
    if len(listed) < len(named):
        lines.append(f"angles {', '.join(wanted)}: {count_pictures(len(named) - len(listed))} of others left out")
    read = read_labels([each.label for each in listed], place=str(path), noun="code", expressions=FER2013_EXPRESSIONS)
    return build_face_set("kdef", path, listed, read, has_published_splits=False, history=lines)


def _list_picture(file: Path, match: re.Match[str]) -> ListedPicture:
    session, sex, number, code, angle = (text.upper() for text in match.groups())
    columns = {"subject": f"{sex}{number}", "session": session, "sex": sex, "angle": angle}
    return ListedPicture(file, label=code, key=file.stem.upper(), columns=columns)
