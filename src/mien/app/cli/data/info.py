"""``mien data info``: what is in a data set."""

from itertools import islice
from typing import TYPE_CHECKING

from mien.app.cli.data import data_app
from mien.app.dataset_arguments import DatasetName, DatasetPath, ReaderOptions, read_named

if TYPE_CHECKING:
    from mien.data import FaceSet


@data_app.command()
def info(
    dataset: DatasetName,
    path: DatasetPath = None,
    options: ReaderOptions = None,
) -> None:
    """Print splits, classes, subjects, what was understood, copies across splits and the fingerprint of a data set."""
    face_set = read_named(dataset, path, options)
    print(f"{face_set.name}: {_describe_pictures(face_set)}, fingerprint {face_set.fingerprint[:16]}")
    print(" / ".join(f"{count:,} {split}" for split, count in face_set.split_counts().items() if count))
    print("classes: " + " ".join(str(count) for count in face_set.class_counts().values()))
    _print_classes(face_set)
    _print_copies(face_set)
    _print_columns(face_set)
    for line in face_set.history:
        print(f"history: {line}")


def _describe_pictures(face_set: "FaceSet") -> str:
    from mien.errors import PictureError

    if face_set.is_in_memory:
        return f"{len(face_set):,} faces of {'x'.join(map(str, face_set.faces.shape[1:]))} pixels"
    first = [
        each.status if isinstance(each, PictureError) else f"{each.shape[1]}x{each.shape[0]}"
        for each in islice(face_set.read_each(), 4)
    ]
    return f"{len(face_set):,} pictures in files, the first {', '.join(first)}"


def _print_classes(face_set: "FaceSet") -> None:
    from mien.app.figures import print_rows
    from mien.data.face_set import SPLITS

    splits = [split for split in SPLITS if (face_set.splits == split).any()]
    by_split = [face_set.class_counts(split) for split in splits]
    rows = [["expression", "all", *splits]]
    for expression, count in face_set.class_counts().items():
        rows.append([expression, f"{count:,}", *(f"{counts[expression]:,}" for counts in by_split)])
    print_rows(rows)


def _print_copies(face_set: "FaceSet") -> None:
    from mien.data.audit.copies import rows_with_copy_in
    from mien.data.face_set import SPLITS

    later = [split for split in SPLITS[1:] if (face_set.splits == split).any()]
    if later:
        has_copy = rows_with_copy_in(face_set, "training")
        for split in later:
            count = int(has_copy[face_set.splits == split].sum())
            print(f"{count:,} {split} rows have an identical picture in training")


def _print_columns(face_set: "FaceSet") -> None:
    for name, column in face_set.columns.items():
        values = sorted(set(column[column != ""].tolist()))
        unknown = int((column == "").sum())
        shown = ", ".join(values[:4]) + (", ..." if len(values) > 4 else "")
        print(
            f"column {name}: {len(values):,} values ({shown})" + (f", unknown in {unknown:,} rows" if unknown else "")
        )
    if face_set.votes is not None:
        print(f"votes: {', '.join(face_set.vote_names)}")
