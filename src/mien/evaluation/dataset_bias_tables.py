"""What telling data sets apart found, as lines and rows of text; the command line prints them."""

from mien.evaluation.dataset_bias import BiasReport
from mien.evaluation.tables import figure_text, interval_text, percent
from mien.metrics.row_figures import FEWEST_ROWS


def bias_lines(report: BiasReport) -> list[str]:
    """Return how well the data sets are told apart, against chance, and what that means, one line each.

    Args:
        report: What was measured.
    """
    told = report.told
    low, high = told.interval
    copies = ", ".join(f"{count:,} of {name}" for name, count in zip(report.data_sets, report.num_copies, strict=True))
    if low > report.chance:
        words = "above chance: each has a bias of its own, by which a model may learn it instead of the expressions"
    else:
        words = "near chance: to this classifier the data sets look alike"
    lines = [
        f"which data set is this? {report.num_faces:,} faces of each of {', '.join(report.data_sets)}, as many of each "
        f"expression, {report.folds} folds, seed {report.seed}",
        f"accuracy {percent(told.value)} (95 % interval {100 * low:.2f} to {100 * high:.2f}), chance "
        f"{percent(report.chance)}; {words}",
        f"left out, as another of them has the identical picture: {copies}",
    ]
    if report.has_few_faces:
        lines.append(f"only {report.num_faces} faces of each: figures on fewer than {FEWEST_ROWS} say little")
    return lines


def bias_confusion_rows(report: BiasReport) -> list[list[str]]:
    """Return which data set was taken for which as rows of text: true ones down, answers across, the header first.

    Args:
        report: What was measured.
    """
    rows = zip(report.data_sets, report.confusion_matrix, strict=True)
    return [["", *report.data_sets]] + [[name, *(f"{count:,}" for count in row)] for name, row in rows]


def bias_expression_rows(report: BiasReport) -> list[list[str]]:
    """Return how well the faces of each expression are told by their data set, as rows of text, the header first.

    Args:
        report: What was measured.
    """
    return [["expression", "faces", "accuracy", "95 % interval"]] + [
        [name, f"{told.num_rows:,}", figure_text("accuracy", told.value), interval_text("accuracy", told.interval)]
        for name, told in report.by_expression.items()
    ]
