"""The "Facial Recognition Dataset" folders: FER2013 sorted into training and testing, six or seven classes."""

from pathlib import Path

from mien.data.face_set import FaceSet
from mien.data.labelling import Unknown, read_labels
from mien.data.layouts import list_class_folders
from mien.data.listing import build_face_set
from mien.data.registry import DatasetCard, register_dataset
from mien.errors import DataError
from mien.expressions import FER2013_EXPRESSIONS


@register_dataset(
    "facial_recognition",
    card=DatasetCard(
        source="https://www.kaggle.com/apollo2506/facial-recognition-dataset; the pictures are those of FER2013",
        license="that of FER2013: research use, not to be passed on",
        num_images=35_887,
        pictures_of="fer2013",
    ),
)
def read_facial_recognition(path: Path, *, unknown: Unknown = "refuse") -> FaceSet:
    """Read the folders ``{Training,Testing}/{Training,Testing}/{Angry,Disgust,Fear,Happy,Neutral,Sad,Suprise}/*.jpg``.

    Some copies lack ``Disgust`` and so have six classes (35,340 pictures). ``Testing`` is FER2013's PublicTest and
    PrivateTest together, so it holds pictures that stand in ``Training`` too. There is no validation split.

    Args:
        path: Folder that holds ``Training`` and ``Testing``, nested or not.
        unknown: Pictures of folders that are no class of FER2013: ``refuse`` the set, or ``skip`` them.

    Returns:
        Faces of shape ``(N, 48, 48)``, uint8, grey, in FER2013's classes as far as they have a folder.

    Raises:
        DataError: If a split is missing, a folder is no class, or pictures lie outside any class.
    """
    listed = list_class_folders(path)
    for split, name in (("training", "Training"), ("test", "Testing")):
        if not any(each.split == split for each in listed):
            raise DataError(f"{path}: no folder {name} with pictures; expected Training and Testing")
    labels = [each.label for each in listed]
    read = read_labels(
        labels, place=str(path), expressions=FER2013_EXPRESSIONS, unknown=unknown
    ).without_empty_classes()
    return build_face_set("facial_recognition", path, listed, read, has_published_splits=True)
