"""Figures of a model as lines and rows of text, and Markdown tables of such rows; the command line prints them."""

import math
from collections.abc import Sequence

from mien.errors import MienError
from mien.metrics.bootstrap import BOOTSTRAPPED
from mien.metrics.coverage import coverage_curve
from mien.metrics.figures import Figures
from mien.metrics.human_accuracy import human_accuracy
from mien.metrics.predictions import Predictions
from mien.metrics.row_figures import FEWEST_ROWS, Interval, RowFigures

NO_CASES = "no cases"
TITLES = {
    "accuracy": "accuracy",
    "top_2_accuracy": "top-2 accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro-F1",
    "weighted_f1": "weighted F1",
    "cohen_kappa": "Cohen's kappa",
    "log_loss": "log loss",
    "brier_score": "Brier score",
    "expected_calibration_error": "calibration error",
}
"""What the figures of rows are called in tables and pictures."""
NO_SHARES: tuple[str, ...] = ("cohen_kappa", "log_loss", "brier_score")
"""The figures that are not told in per cent."""
_COVERAGES = (0.9, 0.75, 0.5)
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
    human = human_accuracy(figures.data_set)
    return [
        f"{figures.model} on {place} of {figures.data_set}, views: {', '.join(figures.views)}",
        accuracy_line(rows),
        "every row has a copy in training"
        if without_copy is None
        else f"without a copy in training: {accuracy_line(without_copy)}",
        *([] if human is None else [f"people agree with these labels in {human.words}"]),
        *_lines_on_few_rows(figures),
        kind_line(figures),
        *(["leaky: copies across splits were allowed"] if figures.is_leaky else []),
    ]


def figure_text(name: str, value: float) -> str:
    """Return a figure of rows as it is told: a share as per cent, others with four digits; ``–`` for NaN.

    Args:
        name: Name of the figure, a key of `TITLES`.
        value: Its value, or NaN.

    Example:
        >>> figure_text("macro_f1", 0.5), figure_text("log_loss", 0.5), figure_text("cohen_kappa", math.nan)
        ('50.00 %', '0.5000', '–')
    """
    if math.isnan(value):
        return "–"
    return f"{value:.4f}" if name in NO_SHARES else percent(value)


def interval_text(name: str, interval: Interval | None, *, sign: str = "") -> str:
    """Return the ends of a figure's interval, of a share in per cent but without the sign; ``–`` for none.

    Args:
        name: Name of the figure, a key of `TITLES`.
        interval: Lower and upper end; None or NaN for none.
        sign: ``"+"`` also marks ends above 0.

    Example:
        >>> interval_text("macro_f1", (0.5, 0.625)), interval_text("log_loss", (-0.5, 0.625), sign="+")
        ('50.00 to 62.50', '-0.5000 to +0.6250')
    """
    if interval is None or math.isnan(interval[0]):
        return "–"
    form, factor = (f"{sign}.4f", 1) if name in NO_SHARES else (f"{sign}.2f", 100)
    return " to ".join(format(factor * end, form) for end in interval)


def figure_rows(figures: Figures) -> list[list[str]]:
    """Return the figures beside the accuracy as rows of text, the header first; with bootstrap intervals, if any.

    Args:
        figures: Figures of a model on a split.
    """
    columns = {"all rows": figures.all_rows}
    if figures.rows_without_copy is not None:
        columns["no copy"] = figures.rows_without_copy
    table = [["figure"], *([TITLES[name]] for name in BOOTSTRAPPED[1:])]
    for title, rows in columns.items():
        drawn = rows.bootstrap
        table[0] += [title] if drawn is None else [title, "95 % interval"]
        for name, cells in zip(BOOTSTRAPPED[1:], table[1:], strict=True):
            cells.append(figure_text(name, getattr(rows, name)))
            if drawn is not None:
                cells.append(interval_text(name, drawn.intervals[name]))
    return table


def coverage_lines(predictions: Predictions) -> list[str]:
    """Return what withholding the least sure answers brings, one line for all rows and one for those without a copy.

    Args:
        predictions: What a model answered.
    """
    sets = {"": predictions}
    has_no_copy = ~predictions.has_copy_in_training
    if has_no_copy.any():
        sets["without a copy in training: "] = predictions.select(has_no_copy)
    lines = []
    for words, answered in sets.items():
        curve = coverage_curve(answered)
        shares = [f"{100 * share:.0f} % {percent(curve.accuracy_at(share))}" for share in _COVERAGES]
        lines.append(f"{words}accuracy of the surest {', '.join(shares)}; area under the curve {curve.area:.4f}")
    return lines


def kind_line(figures: Figures) -> str:
    """Return what figures of this kind are good for, as one line.

    Args:
        figures: Figures of a model on a split.
    """
    if figures.unknown_sources and figures.kind in ("judgement", "held_out"):
        return _UNKNOWN_LINE.format(", ".join(figures.unknown_sources))
    return _KIND_LINES[figures.kind]


def class_rows(figures: Figures) -> list[list[str]]:
    """Return the figures of each class as rows of text, the header first.

    Args:
        figures: Figures of a model on a split; those on all rows are shown.
    """
    header = ["expression", "cases", "answers", "precision", "recall", "95 % interval", "F1"]
    return [header] + [
        [
            each.expression,
            f"{each.num_cases:,}",
            f"{each.num_answers:,}",
            "never answered" if math.isnan(each.precision) else percent(each.precision),
            percent(each.recall),
            interval_text("recall", each.recall_interval),
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


def _lines_on_few_rows(figures: Figures) -> list[str]:
    lines = []
    for words, rows in (("", figures.all_rows), ("without a copy in training ", figures.rows_without_copy)):
        if rows is not None and rows.has_few_rows:
            lines.append(f"{words}only {rows.num_rows} rows: figures on fewer than {FEWEST_ROWS} say little")
    few = [f"{each.expression} ({each.num_cases})" for each in figures.all_rows.per_class if each.has_few_cases]
    if few and not figures.all_rows.has_few_rows:
        lines.append(f"few cases of {', '.join(few)}: figures on fewer than {FEWEST_ROWS} say little")
    return lines
