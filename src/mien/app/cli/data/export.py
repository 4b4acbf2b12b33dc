"""``mien data export``: a data set, prepared or as it is, in files for others."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mien.app.cli.data import data_app
from mien.app.dataset_arguments import DatasetName, DatasetPath, OnUnreadable, ReaderOptions, read_named


class _Format(StrEnum):
    folders = "folders"
    csv = "csv"
    parquet = "parquet"


@data_app.command()
def export(
    dataset: DatasetName,
    path: DatasetPath = None,
    options: ReaderOptions = None,
    *,
    output: Annotated[Path, typer.Option(help="Folder to write; it must be new or empty.")],
    export_format: Annotated[
        _Format,
        typer.Option("--format", help="Class folders of PNG pictures, FER2013's CSV, or Parquet."),
    ] = _Format.folders,
    steps: Annotated[
        str | None, typer.Option(help="Chain of steps in one text, such as 'crop_face resize:size_hw=[64,64]'.")
    ] = None,
    on_unreadable: Annotated[
        OnUnreadable, typer.Option(help="What happens to rows that cannot be read or have no face.")
    ] = OnUnreadable.REFUSE,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier export in the folder.")] = False,
) -> None:
    """Write a data set with a card into a folder, whole or not at all.

    ``mien data steps`` lists the operations. Steps that must be fitted are fitted on the training split. Pictures may
    be passed on only as the data set's licence allows; the card states it.
    """
    from mien.app.terminal import ProgressLine
    from mien.data import DATASETS
    from mien.data.export import export_set
    from mien.data.preparation import prepare_set
    from mien.data.steps import check_steps

    chain = check_steps(steps or "")
    card = DATASETS.get(dataset).card
    face_set = read_named(dataset, path, options)
    if chain:
        progress = ProgressLine(len(face_set), noun="pictures prepared")
        face_set = prepare_set(face_set, chain, on_unreadable=on_unreadable.value, say_done=progress.show)
        progress.clear()
    written = export_set(
        face_set,
        output,
        export_format=export_format.value,
        should_overwrite=overwrite,
        on_unreadable=on_unreadable.value,
        source=card.source,
        licence=card.license,
    )
    num_bytes = sum(file.stat().st_size for file in output.rglob("*") if file.is_file())
    for line in written.history:
        print(f"history: {line}")
    print(f"{output}: {len(written):,} faces as {export_format.value}, {num_bytes / 1e6:.1f} MB; README.md is the card")
