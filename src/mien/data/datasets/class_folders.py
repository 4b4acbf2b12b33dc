"""Folders of one's own: one folder a class, inside one folder a split or not."""

from pathlib import Path

from mien.data.face_set import FaceSet
from mien.data.labelling import Unknown, label_numbers, read_labels
from mien.data.layouts import list_class_folders
from mien.data.listing import build_face_set
from mien.data.registry import DatasetCard, register_dataset


@register_dataset(
    "class_folders",
    card=DatasetCard(source="pictures of one's own", license="that of the pictures", num_images=None),
)
def read_class_folders(
    path: Path, *, name: str = "", numbers: str = "", unknown: Unknown = "refuse", own_classes: bool = False
) -> FaceSet:
    """Read ``<class>/...`` or ``{train,val,test}/<class>/...``, whatever way classes and splits are spelled.

    Without split folders every row is training until splits are cut. Splits made by folders count as cut by hand:
    copies of one picture in two of them are an error when training.

    Args:
        path: The folder; one that holds nothing but another folder is passed through.
        name: Name of the set; the folder's where empty.
        numbers: Vocabulary, such as ``fer2013``, whose label numbers, counted from 0, the folders are named after.
        unknown: Pictures of folders that stand for no expression: ``refuse`` the set, or ``skip`` them.
        own_classes: Whether folders that stand for no expression are classes of their own.

    Returns:
        Pictures as one array where all are of one size and not too many, in their files otherwise; the classes that
        have pictures, in mien's usual order.

    Raises:
        DataError: If there are no pictures, both layouts stand side by side, pictures lie outside any class,
            there is no such vocabulary, or folders stand for no expression (all are named, with their counts).
    """
    listed = list_class_folders(path)
    names = label_numbers(numbers)
    read = read_labels(
        [each.label for each in listed], place=str(path), names=names, unknown=unknown, has_own_classes=own_classes
    )
    return build_face_set(name or path.resolve().name, path, listed, read, has_published_splits=False)
