"""The report's tables of figures, models side by side, and of their differences on the same rows."""

import math
from collections.abc import Callable, Sequence

from mien.errors import MienError
from mien.evaluation.compare import Comparison, RowComparison, compare
from mien.evaluation.comparison_tables import closing_lines, comparison_rows, mcnemar_line
from mien.evaluation.explanation.tiles import as_file_name
from mien.evaluation.report.blocks import Block, Download, Part, Table, Words, to_csv
from mien.evaluation.report.contents import Contents
from mien.evaluation.report.gathering import Answered, ReportedModel
from mien.evaluation.tables import TITLES, figure_text, interval_text, percent
from mien.metrics.bootstrap import BOOTSTRAPPED
from mien.metrics.row_figures import ClassFigures, Interval, RowFigures

SETS_OF_ROWS = {"all_rows": "All rows", "rows_without_copy": "Rows without a copy in training"}


def make_figures(contents: Contents) -> Sequence[Part]:
    """Return all figures on both sets of rows, and those of each class, models side by side."""
    answered = contents.answered
    download = Download("figures.csv", to_csv(_list_figures(answered)))
    tables = tuple(
        Table(f"{title}, with 95 % intervals", _tabulate(shown, name), download)
        for name, title in SETS_OF_ROWS.items()
        if (shown := [each for each in answered if getattr(each.figures, name) is not None])
    )
    lines = (
        "Below the accuracy stands its Wilson interval, below each other figure the percentile interval of its "
        "bootstrap over rows; the CSV has both.",
        "Figures on validation chose their model and do not judge it.",
    )
    file = Download("classes.csv", to_csv(_list_classes(answered)))
    classes = tuple(
        Table(f"{title}, on all rows{note}", _tabulate_classes(alike, tell), file)
        for expressions in dict.fromkeys(each.figures.expressions for each in answered)
        if (alike := [each for each in answered if each.figures.expressions == expressions])
        for title, (note, tell) in _CLASS_FIGURES.items()
    )
    return [Part("", (Words(lines), *tables)), Part("Classes", classes)] if answered else []


def make_comparisons(contents: Contents) -> Sequence[Part]:
    """Return how far every further model differs from the first on the same rows, or why that cannot be told."""
    first, *others = contents.models
    return [Part(f"{first.name} (A) and {each.name} (B)", _compare(first, each, contents.num_draws)) for each in others]


def _tabulate(answered: Sequence[Answered], name: str) -> list[list[str]]:
    rows = [["rows", *(f"{getattr(each.figures, name).num_rows:,}" for each in answered)]]
    for figure in BOOTSTRAPPED:
        rows.append([TITLES[figure], *(_tell(getattr(each.figures, name), figure) for each in answered)])
    return [["", *(_head(each) for each in answered)], *rows]


def _head(answered: Answered) -> str:
    return f"{answered.figures.model}\n{answered.figures.split}"


def _tell(rows: RowFigures, figure: str) -> str:
    interval = rows.accuracy_interval if figure == "accuracy" else _drawn_interval(rows, figure)
    beside = "" if interval is None else f"\n{interval_text(figure, interval)}"
    return figure_text(figure, getattr(rows, figure)) + beside


def _drawn_interval(rows: RowFigures, figure: str) -> Interval | None:
    return None if rows.bootstrap is None else rows.bootstrap.intervals[figure]


def _list_figures(answered: Sequence[Answered]) -> list[list[object]]:
    """Return a line a figure for the CSV: the accuracy twice, with either interval."""
    lines: list[list[object]] = [
        ["model", "data_set", "split", "record", "rows", "num_rows", "figure", "value", "low", "high", "interval"]
    ]
    for each in answered:
        record = "" if each.record is None else each.record.file.stem
        for name in SETS_OF_ROWS:
            rows: RowFigures | None = getattr(each.figures, name)
            if rows is None:
                continue
            facts = [each.figures.model, each.figures.data_set, each.figures.split, record, name, rows.num_rows]
            lines.append([*facts, "accuracy", rows.accuracy, *rows.accuracy_interval, "Wilson"])
            for figure in BOOTSTRAPPED:
                drawn = _drawn_interval(rows, figure)
                value = [figure, getattr(rows, figure)]
                lines.append([*facts, *value, *(("", "", "") if drawn is None else (*drawn, "bootstrap"))])
    return lines


def _tabulate_classes(answered: Sequence[Answered], tell: Callable[[ClassFigures], str]) -> list[list[str]]:
    classes = zip(*(each.figures.all_rows.per_class for each in answered), strict=True)
    rows = [[same[0].expression, *(tell(each) for each in same)] for same in classes]
    return [["", *(_head(each) for each in answered)], *rows]


def _tell_recall(each: ClassFigures) -> str:
    return f"{percent(each.recall)}\n{interval_text('recall', each.recall_interval)}\n{each.num_cases:,} cases"


def _tell_precision(each: ClassFigures) -> str:
    if math.isnan(each.precision):
        return "never answered"
    interval = interval_text("precision", each.precision_interval)
    return f"{percent(each.precision)}\n{interval}\n{each.num_answers:,} answers"


_CLASS_FIGURES: dict[str, tuple[str, Callable[[ClassFigures], str]]] = {
    "Recall": (", with 95 % Wilson intervals", _tell_recall),
    "Precision": (", with 95 % Wilson intervals", _tell_precision),
    "F1": ("", lambda each: percent(each.f1)),
}


def _list_classes(answered: Sequence[Answered]) -> list[list[object]]:
    shares = [f"{name}{end}" for name in ("recall", "precision") for end in ("", "_low", "_high")]
    lines: list[list[object]] = [["model", "split", "rows", "expression", "cases", "answers", *shares, "f1"]]
    for each in answered:
        for name in SETS_OF_ROWS:
            rows: RowFigures | None = getattr(each.figures, name)
            for figures in () if rows is None else rows.per_class:
                facts = [each.figures.model, each.figures.split, name, figures.expression]
                recall = [figures.recall, *(figures.recall_interval or ("", ""))]
                precision = [figures.precision, *(figures.precision_interval or ("", ""))]
                lines.append([*facts, figures.num_cases, figures.num_answers, *recall, *precision, figures.f1])
    return lines


def _compare(first: ReportedModel, other: ReportedModel, num_draws: int) -> tuple[Block, ...]:
    pairs = [(ours, theirs) for ours in first.answered if (theirs := other.on(ours.figures.split)) is not None]
    if not pairs:
        told = [
            f"{each.name} on {' and '.join(answered.figures.split for answered in each.answered) or 'none'}"
            for each in (first, other)
        ]
        return (Words((f"Not compared, for want of a split that both answered: {', '.join(told)}.",)),)
    return tuple(block for ours, theirs in pairs for block in _compare_answers(ours, theirs, num_draws))


def _compare_answers(ours: Answered, theirs: Answered, num_draws: int) -> tuple[Block, ...]:
    try:
        compared = compare(ours.predictions, theirs.predictions, num_draws=num_draws)
    except MienError as error:
        return (Words((f"Not compared on {ours.figures.split}: {error}",)),)
    sets = {title: rows for name, title in SETS_OF_ROWS.items() if (rows := getattr(compared, name)) is not None}
    tables = [_tabulate_comparison(compared, rows, title) for title, rows in sets.items()]
    tests = [f"{title}: {mcnemar_line(rows)}." for title, rows in sets.items()]
    return (*tables, Words((*tests, " ".join(closing_lines(compared)))))


def _tabulate_comparison(compared: Comparison, rows: RowComparison, title: str) -> Table:
    kind = "all-rows" if rows is compared.all_rows else "rows-without-copy"
    stem = as_file_name(compared.first, "against", compared.second, compared.split, kind)
    lines: list[list[object]] = [["figure", compared.first, compared.second, "difference", "low", "high"]]
    lines += [[each.figure, each.first, each.second, each.difference, *each.interval] for each in rows.differences]
    caption = f"{compared.split.capitalize()}, {title.lower()}: {rows.num_rows:,}; shares differ in points"
    return Table(caption, comparison_rows(rows), Download(f"{stem}.csv", to_csv(lines)))
