"""What judging on other data sets is told as: a table of them all, lines for each, and a CSV file."""

from pathlib import Path

from mien.evaluation.cross_dataset.judging import CrossDatasetReport, JudgedDataSet
from mien.evaluation.tables import accuracy_line, figure_text, headline_lines, interval_text, percent
from mien.metrics.figures import Figures
from mien.metrics.row_figures import RowFigures
from mien.writing import to_csv_text, write_atomically

_ROWS = {"all_rows": "all", "rows_without_copy": "without a copy in training"}
_HEADER = (
    *("judged on", "split", "classes", "rows", "left out", "accuracy", "95 % interval", "no copy", "all classes"),
    *("balanced accuracy", "own accuracy", "drop"),
)
_NUMBERS = ("balanced_accuracy", "macro_f1", "log_loss", "expected_calibration_error")


def cross_dataset_rows(report: CrossDatasetReport) -> list[list[str]]:
    """Return a run's accuracy on its own validation split and on each other data set as text, the header first.

    Args:
        report: What was judged.
    """
    table = [list(_HEADER)]
    if report.own is not None:
        rows = report.own.all_rows
        cells = _accuracy_cells(report.own, left_out=0)
        own = figure_text("accuracy", rows.accuracy)
        table.append([f"{report.trained_on} (its own)", *cells, own, *_balanced(rows), "–", "–"])
    for each in report.judged:
        rows = each.figures.all_rows
        cells = _accuracy_cells(each.figures, left_out=each.share_left_out.num_right)
        unrestricted = figure_text("accuracy", each.unrestricted.value)
        table.append([each.data_set, *cells, unrestricted, *_balanced(rows), *_own_cells(each)])
    return table


def cross_dataset_lines(report: CrossDatasetReport) -> list[str]:
    """Return what must be known to read the table, one line each.

    Args:
        report: What was judged.
    """
    lines = [
        f"{report.model} was trained on {report.trained_on}. 'accuracy' is of answers among the shared classes alone, "
        "their probabilities divided by their sum; 'all classes' is of answers among all that the model has.",
        "'own accuracy' is that on its own validation split in the same classes; the drop from it is in points.",
    ]
    if report.own is None:
        lines.append("It was trained on its own validation split, so nothing stands beside the figures.")
    if report.uncompared:
        lines.append(f"It began with what saw {', '.join(report.uncompared)}: copies of such pictures were not sought.")
    return lines


def judged_data_set_lines(judged: JudgedDataSet) -> list[str]:
    """Return what a person wants to know first of one data set, one line each, with the classes that are left out.

    Args:
        judged: What a run answers on it.
    """
    classes, share = judged.classes, judged.share_left_out
    by_class = ", ".join(f"{count:,} {name}" for name, count in judged.left_out.items())
    lines = [
        *headline_lines(judged.figures),
        f"shared classes: {', '.join(classes.shared)}",
        f"the model's without counterpart, never answered here: {', '.join(classes.only_model) or 'none'}",
        f"the data set's without counterpart: {', '.join(classes.only_other) or 'none'}; "
        f"{share.num_right:,} of {share.num_rows:,} rows left out ({percent(share.value)})"
        + (f": {by_class}" if by_class else ""),
        f"{judged.num_copies:,} rows are identical to pictures that the model was trained on or chosen by",
    ]
    low, high = judged.unrestricted.interval
    lines.append(
        f"among all classes of the model: accuracy {percent(judged.unrestricted.value)} "
        f"(95 % interval {100 * low:.2f} to {100 * high:.2f})"
    )
    if judged.own is not None:
        lines.append(f"its own validation split in the shared classes: {accuracy_line(judged.own.all_rows)}")
    return lines


def write_cross_dataset_csv(report: CrossDatasetReport, file: Path) -> Path:
    """Write every figure as CSV, a line for each data set and set of rows.

    Args:
        report: What was judged.
        file: File to write.

    Returns:
        The file written.

    Raises:
        MienError: If the place cannot be written.
    """
    return write_atomically(file, cross_dataset_csv(report))


def cross_dataset_csv(report: CrossDatasetReport) -> str:
    """Return what `write_cross_dataset_csv` writes.

    Args:
        report: What was judged.
    """
    return to_csv_text((line for each in report.judged for line in _csv_lines(report, each)), _COLUMNS)


_COLUMNS = (
    *("model", "trained_on", "judged_on", "split", "views", "classes", "classes_only_model", "classes_only_data_set"),
    *("num_left_out", "rows", "num_rows", "accuracy", "accuracy_low", "accuracy_high", "accuracy_all_classes"),
    *_NUMBERS,
    *("own_accuracy", "own_accuracy_low", "own_accuracy_high", "own_balanced_accuracy"),
)


def _csv_lines(report: CrossDatasetReport, judged: JudgedDataSet) -> list[dict[str, object]]:
    figures, classes = judged.figures, judged.classes
    facts: dict[str, object] = {
        "model": report.model,
        "trained_on": report.trained_on,
        "judged_on": judged.data_set,
        "split": figures.split,
        "views": "+".join(figures.views),
        "classes": "|".join(classes.shared),
        "classes_only_model": "|".join(classes.only_model),
        "classes_only_data_set": "|".join(classes.only_other),
        "num_left_out": judged.share_left_out.num_right,
    }
    unrestricted = {"all_rows": judged.unrestricted, "rows_without_copy": judged.unrestricted_without_copy}
    lines = []
    for name, title in _ROWS.items():
        rows, among_all = getattr(figures, name), unrestricted[name]
        if rows is None or among_all is None:
            continue
        numbers = _with_interval(rows, "") | {"accuracy_all_classes": among_all.value}
        numbers |= {each: getattr(rows, each) for each in _NUMBERS}
        own = None if judged.own is None else getattr(judged.own, name)
        if own is not None:
            numbers |= _with_interval(own, "own_") | {"own_balanced_accuracy": own.balanced_accuracy}
        told = {each: f"{number:.6f}" for each, number in numbers.items()}
        lines.append({**facts, "rows": title, "num_rows": rows.num_rows, **told})
    return lines


def _with_interval(rows: RowFigures, prefix: str) -> dict[str, float]:
    low, high = rows.accuracy_interval
    return {
        f"{prefix}accuracy": rows.accuracy,
        f"{prefix}accuracy_low": low,
        f"{prefix}accuracy_high": high,
    }


def _accuracy_cells(figures: Figures, *, left_out: int) -> list[str]:
    rows, without_copy = figures.all_rows, figures.rows_without_copy
    return [
        figures.split,
        str(len(figures.expressions)),
        f"{rows.num_rows:,}",
        f"{left_out:,}",
        figure_text("accuracy", rows.accuracy),
        interval_text("accuracy", rows.accuracy_interval),
        "no such rows" if without_copy is None else figure_text("accuracy", without_copy.accuracy),
    ]


def _balanced(rows: RowFigures) -> list[str]:
    return [figure_text("balanced_accuracy", rows.balanced_accuracy)]


def _own_cells(judged: JudgedDataSet) -> list[str]:
    if judged.own is None:
        return ["–", "–"]
    own = judged.own.all_rows.accuracy
    return [figure_text("accuracy", own), f"{100 * (own - judged.figures.all_rows.accuracy):.2f}"]
