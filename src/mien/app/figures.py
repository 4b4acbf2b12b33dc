"""Figures of a model as the command line prints them."""

import textwrap
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from mien.app.terminal import create_console

if TYPE_CHECKING:
    from mien.metrics.figures import Figures
    from mien.metrics.predictions import Predictions


def print_figures(figures: "Figures", predictions: "Predictions | None" = None) -> None:
    """Print headline, figures of all rows and of those without a copy, classes and confusion matrix.

    Args:
        figures: Figures of a model on a split.
        predictions: The answers behind them; then what withholding unsure answers brings is printed as well.
    """
    from mien.evaluation.tables import class_rows, confusion_rows, coverage_lines, figure_rows, headline_lines

    for line in headline_lines(figures):
        print(line)
    print_rows(figure_rows(figures))
    if predictions is not None:
        for line in coverage_lines(predictions):
            print(line)
    print_rows(class_rows(figures))
    print("confusion matrix: true classes down, answers across")
    print_rows(confusion_rows(figures))


def print_notes(notes: Mapping[str, Sequence[str]], *, width: int = 110) -> None:
    """Print paragraphs about named things, below a table that they would make too wide; equal ones stand once.

    Args:
        notes: For each name what is said about it.
        width: Most letters in a line, but for an address that is longer.
    """
    names: dict[tuple[str, ...], list[str]] = {}
    for name, said in notes.items():
        names.setdefault(tuple(said), []).append(name)
    lay_out = partial(textwrap.fill, width=width, break_long_words=False, break_on_hyphens=False)
    for said, alike in names.items():
        print(lay_out(", ".join(alike)))
        for each in said:
            print(lay_out(each, initial_indent="    ", subsequent_indent="    "))


def print_rows(rows: Sequence[Sequence[str]], *, num_text_columns: int = 1) -> None:
    """Print rows of text as a table, the header first.

    Args:
        rows: Header and rows, all of one length.
        num_text_columns: So many columns at the left hold text, the others numbers.
    """
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column, heading in enumerate(rows[0]):
        table.add_column(heading, justify="left" if column < num_text_columns else "right")
    for row in rows[1:]:
        table.add_row(*map(escape, row))
    create_console().print(table)
