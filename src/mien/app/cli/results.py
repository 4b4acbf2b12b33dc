"""``mien results``: every opening of a test split, and the tables made from them."""

from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from mien.app.cli import app


@app.command()
def results(
    folder: Annotated[Path, typer.Argument(help="Folder of the records, or one record (.json).")] = Path("results"),
    update: Annotated[
        Path | None, typer.Option(help="Markdown file whose table between '<!-- table: records -->' is written anew.")
    ] = None,
    pictures: Annotated[Path | None, typer.Option(help="Folder for the pictures of one record's figures.")] = None,
) -> None:
    """List every opening of a test split, write the table of them into a Markdown file, or print one record's figures.

    All figures are computed anew from the predictions beside the records, and must agree; no test split is opened.
    """
    if folder.suffix == ".json":
        if update is not None:
            raise typer.BadParameter("--update writes a table of all records; name their folder")
        _show_record(folder, pictures)
        return
    if pictures is not None:
        raise typer.BadParameter("--pictures draws the figures of one record; name its .json file")
    from mien.app.figures import print_rows
    from mien.errors import MienError
    from mien.evaluation.record_tables import record_rows, records_markdown
    from mien.evaluation.records import list_records, recompute
    from mien.evaluation.tables import update_between_markers
    from mien.writing import write_atomically

    records = list_records(folder)
    for record in records:
        recompute(record)
    by_data_set = {name: list(group) for name, group in groupby(records, key=lambda record: record.data_set)}
    if update is not None:
        if not update.is_file():
            raise MienError(f"{update} does not exist; expected a file with <!-- table: records -->")
        text = update.read_text(encoding="utf-8")
        tables = [records_markdown(each, relative_to=update.parent) for each in by_data_set.values()]
        if len(tables) > 1:
            tables = [f"{name}:\n\n{table}" for name, table in zip(by_data_set, tables, strict=True)]
        new = "\n\n".join(tables) or records_markdown([])
        write_atomically(update, update_between_markers(text, "records", new=new))
        print(f"{update}: table of {len(records)} records written")
    elif records:
        for name, each in by_data_set.items():
            if len(by_data_set) > 1:
                print(name)
            print_rows(record_rows(each))
    else:
        print(f"no test split was opened yet under {folder}")


def _show_record(file: Path, pictures: Path | None) -> None:
    from mien.app.figures import print_figures
    from mien.evaluation.pictures import draw_pictures
    from mien.evaluation.records import judged_predictions, read_record, recompute

    record = read_record(file)
    figures, predictions = recompute(record), judged_predictions(record)
    print_figures(figures, predictions)
    if pictures is not None:
        for picture in draw_pictures(predictions, pictures, figures=figures):
            print(f"picture: {picture}")
