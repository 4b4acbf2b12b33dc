"""Records of opened test splits as rows of text; ``mien results`` prints them and ``make tables`` writes the README's.

No figure is typed by hand: what stands in a table comes from a record.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from mien.errors import MienError
from mien.evaluation.records import Record
from mien.evaluation.tables import markdown_table, percent
from mien.metrics.row_figures import RowFigures

_PUBLISHED_TITLES = {"fer2013": ("PublicTest", "PrivateTest")}


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
