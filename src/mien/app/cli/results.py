"""``mien results``: every opening of a test split, and the tables made from them."""

from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from mien.app.cli import app


@app.command()
def results(
    folder: Annotated[Path, typer.Argument(help="Folder of the records.")] = Path("results"),
    update: Annotated[
        Path | None, typer.Option(help="Markdown file whose table between '<!-- table: records -->' is written anew.")
    ] = None,
) -> None:
    """List every opening of a test split, or write the table of them into a Markdown file."""
    from mien.app.figures import print_rows
    from mien.errors import MienError
    from mien.evaluation.records import list_records, recompute
    from mien.evaluation.tables import record_rows, records_markdown, update_between_markers
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
