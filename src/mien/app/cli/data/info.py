"""``mien data info``: what is in a data set."""

from pathlib import Path
from typing import Annotated

import typer

from mien.app.cli.data import data_app


@data_app.command()
def info(
    dataset: Annotated[str, typer.Argument(help="Data set, such as fer2013.")],
    path: Annotated[Path | None, typer.Argument(help="File or folder; its usual place if left out.")] = None,
) -> None:
    """Print splits, classes, copies across splits and the fingerprint of a data set."""
    from rich import box
    from rich.table import Table

    from mien.app.terminal import create_console
    from mien.data import read_dataset
    from mien.data.audit.copies import rows_with_copy_in
    from mien.data.face_set import SPLITS

    face_set = read_dataset(dataset, path)
    splits = [split for split in SPLITS if (face_set.splits == split).any()]
    size = "x".join(str(side) for side in face_set.faces.shape[1:])
    print(f"{face_set.name}: {len(face_set):,} faces of {size} pixels, fingerprint {face_set.fingerprint[:16]}")
    print(" / ".join(f"{count:,} {split}" for split, count in face_set.split_counts().items() if count))
    print("classes: " + " ".join(str(count) for count in face_set.class_counts().values()))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("expression")
    for heading in ("all", *splits):
        table.add_column(heading, justify="right")
    by_split = {split: face_set.class_counts(split) for split in splits}
    for expression, count in face_set.class_counts().items():
        table.add_row(expression, f"{count:,}", *(f"{by_split[split][expression]:,}" for split in splits))
    create_console().print(table)
    has_copy = rows_with_copy_in(face_set, "training")
    for split in splits[1:]:
        count = int(has_copy[face_set.splits == split].sum())
        print(f"{count:,} {split} rows have an identical picture in training")
    if face_set.votes is not None:
        print(f"votes: {', '.join(face_set.vote_names)}")
    for line in face_set.history:
        print(f"history: {line}")
