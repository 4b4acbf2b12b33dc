"""``mien compare``: how far two models differ on the same rows."""

from pathlib import Path
from typing import Annotated

import typer

from mien.app.cli import app

_ANSWERS = "Record (.json), predictions (.npz), or the folder of a run or an ensemble, for its answers on validation."


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help=_ANSWERS)],
    second: Annotated[Path, typer.Argument(metavar="B", help="The same of the other model.")],
    *,
    bootstrap: Annotated[int, typer.Option(min=1, help="Draws behind the intervals.")] = 10_000,
) -> None:
    """Print how far the figures of two models differ on the same rows, with paired 95 % intervals.

    Test splits are not opened: answers on them come from records.
    """
    from mien.app.figures import print_rows
    from mien.evaluation.compare import compare as compare_answers
    from mien.evaluation.compare import read_answers
    from mien.evaluation.comparison_tables import closing_lines, comparison_rows, mcnemar_line

    comparison = compare_answers(read_answers(first), read_answers(second), num_draws=bootstrap)
    print(f"A: {comparison.first} ({first})")
    print(f"B: {comparison.second} ({second})")
    sets = {"all rows": comparison.all_rows, "rows without a copy in training": comparison.rows_without_copy}
    for title, rows in sets.items():
        if rows is None:
            print("every row has a copy in training")
            continue
        print(f"{comparison.split} of {comparison.data_set}, {title}: {rows.num_rows:,}")
        print_rows(comparison_rows(rows))
        print(mcnemar_line(rows))
    for line in closing_lines(comparison):
        print(line)
