"""A comparison of two models as lines and rows of text; the command line prints them."""

import math

from mien.evaluation.compare import Comparison, Difference, RowComparison
from mien.evaluation.tables import NO_SHARES, TITLES, figure_text, interval_text
from mien.metrics.row_figures import FEWEST_ROWS

_KIND_LINES = {
    "choice": "A model was chosen on these rows: the figures choose, they do not judge.",
    "judgement": "Neither model had seen these rows.",
}


def comparison_rows(rows: RowComparison) -> list[list[str]]:
    """Return the differences on one set of rows as rows of text, the header first; shares differ in points.

    Args:
        rows: Two models on one set of rows.
    """
    header = ["figure", "A", "B", "A − B", "95 % interval"]
    return [header, *(_difference_row(each) for each in rows.differences)]


def mcnemar_line(rows: RowComparison) -> str:
    """Return McNemar's test on one set of rows as one line.

    Args:
        rows: Two models on one set of rows.
    """
    test = rows.mcnemar
    p_value = "p < 0.0001" if test.p_value < 0.0001 else f"p = {test.p_value:.4f}"
    return (
        f"McNemar's test: A alone is right on {test.only_first_right:,} of {rows.num_rows:,} rows, "
        f"B alone on {test.only_second_right:,}; {p_value} ({test.method})"
    )


def closing_lines(comparison: Comparison) -> list[str]:
    """Return what must be known to read a comparison, one line each.

    Args:
        comparison: Two models on the same split.
    """
    lines = [f"Intervals: paired bootstrap over rows, {comparison.num_draws:,} draws."]
    if any(each.has_few_rows for each in (comparison.all_rows, comparison.rows_without_copy) if each is not None):
        lines.append(f"Figures on fewer than {FEWEST_ROWS} rows say little.")
    lines.append(_KIND_LINES[comparison.kind])
    if comparison.is_leaky:
        lines.append("leaky: copies across splits were allowed")
    return lines


def _difference_row(each: Difference) -> list[str]:
    name = each.figure
    form, factor = ("+.4f", 1) if name in NO_SHARES else ("+.2f", 100)
    return [
        TITLES[name],
        figure_text(name, each.first),
        figure_text(name, each.second),
        "–" if math.isnan(each.difference) else format(factor * each.difference, form),
        interval_text(name, each.interval, sign="+"),
    ]
