"""Figures and records as lines and rows of text; the command line prints them and ``make tables`` writes the README's.

No figure is typed by hand: what stands in a table comes from a record.
"""

import math
import os
from collections.abc import Sequence
from pathlib import Path

from mien.errors import MienError
from mien.evaluation.records import Record
from mien.metrics.figures import Figures, RowFigures

NO_CASES = "no cases"
_PUBLISHED_TITLES = {"fer2013": ("PublicTest", "PrivateTest")}
_KIND_LINES = {
    "choice": "The model was chosen by these figures; they do not judge it.",
    "judgement": "The model had not seen these rows.",
    "held_out": "Each row was answered once, by the run that had not seen it.",
    "plain": "What the model has seen was not asked.",
}
_UNKNOWN_LINE = "Nobody knows whether the model had seen these rows: it began with {}, whose source is unknown."


def percent(share: float) -> str:
    """Return a share as per cent with two digits; ``no cases`` for NaN.

    Args:
        share: 0 to 1, or NaN.

    Example:
        >>> percent(0.69212), percent(math.nan)
        ('69.21 %', 'no cases')
    """
    return NO_CASES if math.isnan(share) else f"{100 * share:.2f} %"


def accuracy_line(figures: RowFigures) -> str:
    """Return the accuracy with its interval and the number of rows as one line.

    Args:
        figures: Figures of one set of rows.
    """
    low, high = figures.accuracy_interval
    return (
        f"accuracy {percent(figures.accuracy)} (95 % interval {100 * low:.2f} to {100 * high:.2f}) "
        f"on {figures.num_rows:,} rows"
    )


def headline_lines(figures: Figures) -> list[str]:
    """Return what a person wants to know first, one line each.

    Args:
        figures: Figures of a model on a split.
    """
    rows, without_copy = figures.all_rows, figures.rows_without_copy
    place = "all held-out folds" if figures.kind == "held_out" else figures.split
    lines = [
        f"{figures.model} on {place} of {figures.data_set}, views: {', '.join(figures.views)}",
        accuracy_line(rows),
        "every row has a copy in training"
        if without_copy is None
        else f"without a copy in training: {accuracy_line(without_copy)}",
        f"balanced accuracy {percent(rows.balanced_accuracy)}, macro-F1 {percent(rows.macro_f1)}",
        f"log loss {rows.log_loss:.4f}, expected calibration error {percent(rows.expected_calibration_error)}",
        _kind_line(figures),
    ]
    if figures.is_leaky:
        lines.append("leaky: copies across splits were allowed")
    return lines


def _kind_line(figures: Figures) -> str:
    if figures.unknown_sources and figures.kind in ("judgement", "held_out"):
        return _UNKNOWN_LINE.format(", ".join(figures.unknown_sources))
    return _KIND_LINES[figures.kind]


def class_rows(figures: Figures) -> list[list[str]]:
    """Return the figures of each class as rows of text, the header first.

    Args:
        figures: Figures of a model on a split; those on all rows are shown.
    """
    header = ["expression", "cases", "answers", "precision", "recall", "F1"]
    return [header] + [
        [
            each.expression,
            f"{each.num_cases:,}",
            f"{each.num_answers:,}",
            "never answered" if math.isnan(each.precision) else percent(each.precision),
            percent(each.recall),
            percent(each.f1),
        ]
        for each in figures.all_rows.per_class
    ]


def confusion_rows(figures: Figures) -> list[list[str]]:
    """Return the confusion matrix as rows of text: true classes down, answers across, the header first.

    Args:
        figures: Figures of a model on a split; those on all rows are shown.
    """
    names = list(figures.expressions)
    counts = figures.all_rows.confusion_matrix
    return [["", *names]] + [[name, *(f"{count:,}" for count in row)] for name, row in zip(names, counts, strict=True)]


def markdown_table(rows: Sequence[Sequence[str]], *, num_text_columns: int = 1) -> str:
    """Return rows of text as a Markdown table, its columns padded to one width.

    Args:
        rows: The header and the other rows, all of one length.
        num_text_columns: So many columns at the left hold text; the others are set to the right.

    Raises:
        MienError: If the rows differ in length.

    Example:
        >>> print(markdown_table([["name", "accuracy"], ["compact", "69.21 %"]]))
        | name    | accuracy |
        | ------- | -------: |
        | compact |  69.21 % |
    """
    if len({len(row) for row in rows}) != 1:
        raise MienError(f"the rows of a table have {sorted({len(row) for row in rows})} columns; expected one number")
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    widths = [max(3, *(len(row[column]) for row in cells)) for column in range(len(cells[0]))]
    is_text = [column < num_text_columns for column in range(len(widths))]
    rule = ["-" * width if left else "-" * (width - 1) + ":" for width, left in zip(widths, is_text, strict=True)]
    return "\n".join(_markdown_line(row, widths=widths, is_text=is_text) for row in [cells[0], rule, *cells[1:]])


def records_markdown(records: Sequence[Record], *, relative_to: Path | None = None) -> str:
    """Return the records of one data set as a Markdown table that links to each.

    Args:
        records: Records as `mien.evaluation.records.list_records` gives them.
        relative_to: Folder of the document, from which the links lead.

    Raises:
        MienError: If the records are of several data sets.
    """
    if not records:
        return "No test split has been opened yet."
    rows = record_rows(records)
    links = [f"[{record.file.stem}]({_link(record.file, relative_to)})" for record in records]
    return markdown_table([rows[0], *([*row[:-1], link] for row, link in zip(rows[1:], links, strict=True))])


def record_rows(records: Sequence[Record]) -> list[list[str]]:
    """Return the records of one data set as rows of text, the header first and the record's name last.

    Args:
        records: At least one record, as `mien.evaluation.records.list_records` gives them.

    Raises:
        MienError: If the records are of several data sets.
    """
    data_sets = sorted({record.data_set for record in records})
    if len(data_sets) > 1:
        raise MienError(f"one table holds one data set; these records are of {', '.join(data_sets)}")
    own_titles = ("validation", "test")
    is_published = all(record.protocol != "own" for record in records)
    validation, test = _PUBLISHED_TITLES.get(data_sets[0], own_titles) if is_published else own_titles
    header = [
        "name",
        "protocol",
        "parameters",
        validation,
        f"{test} (95 % interval)",
        "without a copy in training",
        "balanced accuracy",
        "macro-F1",
        "calibration error",
        "record",
    ]
    return [header, *(_record_row(record) for record in records)]


def update_between_markers(text: str, name: str, *, new: str) -> str:
    """Return a document with what stands between ``<!-- table: NAME -->`` and ``<!-- /table -->`` replaced.

    Args:
        text: The document.
        name: Name of the table.
        new: What is to stand there, without line ends around it.

    Raises:
        MienError: If the markers are missing, not closed, or stand twice.

    Example:
        >>> print(update_between_markers("<!-- table: a -->old<!-- /table -->", "a", new="new"))
        <!-- table: a -->
        new
        <!-- /table -->
    """
    start, end = f"<!-- table: {name} -->", "<!-- /table -->"
    if text.count(start) != 1:
        raise MienError(f"the document holds the marker {start} {text.count(start)} times; expected once")
    before, after = text.split(start)
    inside, found, rest = after.partition(end)
    if not found or "<!-- table:" in inside:
        raise MienError(f"the document does not close {start}; expected {end} after it")
    return f"{before}{start}\n{new}\n{end}{rest}"


def _markdown_line(row: Sequence[str], *, widths: Sequence[int], is_text: Sequence[bool]) -> str:
    padded = [
        cell.ljust(width) if left else cell.rjust(width) for cell, width, left in zip(row, widths, is_text, strict=True)
    ]
    return f"| {' | '.join(padded)} |"


def _record_row(record: Record) -> list[str]:
    figures, choice = record.figures, record.content["choice"]
    num_parameters = record.content["num_parameters"]
    rows, without_copy = figures.all_rows, figures.rows_without_copy
    return [
        (record.shipped_name or record.model)
        + (" (leaky)" if figures.is_leaky else "")
        + (" (began with weights of unknown source)" if figures.unknown_sources else ""),
        record.protocol,
        "" if num_parameters is None else f"{num_parameters:,}",
        "" if choice is None else percent(choice["accuracy"]),
        _with_interval(rows),
        "no such rows" if without_copy is None else _with_interval(without_copy),
        percent(rows.balanced_accuracy),
        percent(rows.macro_f1),
        percent(rows.expected_calibration_error),
        record.file.stem,
    ]


def _with_interval(figures: RowFigures) -> str:
    low, high = figures.accuracy_interval
    return f"{percent(figures.accuracy)} ({100 * low:.2f} to {100 * high:.2f})"


def _link(file: Path, relative_to: Path | None) -> str:
    if relative_to is None:
        return file.as_posix()
    return Path(os.path.relpath(file, relative_to)).as_posix()
