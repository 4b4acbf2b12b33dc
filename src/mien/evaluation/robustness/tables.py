"""What robustness is told as: a table for the terminal, lines, and a CSV file."""

from pathlib import Path

from mien.evaluation.robustness.measuring import RobustnessReport
from mien.evaluation.tables import figure_text
from mien.metrics.figures import Figures
from mien.writing import to_csv_text, write_atomically

_ROWS = {"all_rows": "all", "rows_without_copy": "without a copy in training"}


def robustness_rows(report: RobustnessReport) -> list[list[str]]:
    """Return the accuracy at each strength and the means over strengths, on all rows, as text, the header first.

    Args:
        report: What was measured.
    """
    table = [["corruption", "1", "2", "3", "4", "5", "mean", "no copy", "drop", "calibration error", "log loss"]]
    for each in report.corruptions:
        accuracy = each.mean("accuracy")
        table.append(
            [
                each.name,
                *(f"{100 * rows.accuracy:.2f}" for rows in each.rows_of("all_rows")),
                _share(accuracy),
                _share(each.mean("accuracy", rows="rows_without_copy")),
                _share(report.relative_drop(accuracy)),
                _share(each.mean("expected_calibration_error")),
                figure_text("log_loss", each.mean("log_loss")),
            ]
        )
    return table


def robustness_lines(report: RobustnessReport) -> list[str]:
    """Return the mean corruption accuracy and what is lost by it, a line for each set of rows.

    Args:
        report: What was measured.
    """
    lines = []
    for rows, title in _ROWS.items():
        clean, mean = getattr(report.clean, rows), report.mean_corruption_accuracy(rows=rows)
        if clean is not None:
            drop = report.relative_drop(mean, rows=rows)
            lines.append(
                f"rows: {title}; clean accuracy {_share(clean.accuracy)}, "
                f"calibration error {_share(clean.expected_calibration_error)}, log loss {clean.log_loss:.4f}; "
                f"mean corruption accuracy {_share(mean)}, relative drop {_share(drop)}"
            )
    return lines


def write_robustness_csv(report: RobustnessReport, file: Path) -> Path:
    """Write every figure with its interval as CSV, a line for each corruption, strength and set of rows.

    Clean faces come first, with strength 0.

    Args:
        report: What was measured.
        file: File to write.

    Returns:
        The file written.

    Raises:
        MienError: If the place cannot be written.
    """
    return write_atomically(file, robustness_csv(report))


def robustness_csv(report: RobustnessReport, *, number_format: str = ".6f") -> str:
    """Return the CSV that `write_robustness_csv` writes.

    Args:
        report: What was measured.
        number_format: How figures are written; an empty one rounds none.
    """
    clean = {"corruption": "clean", "unit": "", "level": 0, "strength": 0}
    lines = _csv_lines(report.clean, clean, seed=report.seed, number_format=number_format)
    for each in report.corruptions:
        for level, (strength, figures) in enumerate(zip(each.card.strengths, each.figures, strict=True), 1):
            facts = {"corruption": each.name, "unit": each.card.unit, "level": level, "strength": strength}
            lines += _csv_lines(figures, facts, seed=report.seed, number_format=number_format)
    return to_csv_text(lines, _COLUMNS)


_COLUMNS = (
    *("model", "data_set", "split", "views", "seed", "corruption", "unit", "level", "strength", "rows", "num_rows"),
    *("accuracy", "accuracy_low", "accuracy_high", "expected_calibration_error", "log_loss"),
)


def _csv_lines(figures: Figures, facts: dict[str, object], *, seed: int, number_format: str) -> list[dict[str, object]]:
    lines = []
    for name, title in _ROWS.items():
        rows = getattr(figures, name)
        if rows is not None:
            low, high = rows.accuracy_interval
            numbers = {"accuracy": rows.accuracy, "accuracy_low": low, "accuracy_high": high}
            numbers |= {each: getattr(rows, each) for each in ("expected_calibration_error", "log_loss")}
            lines.append(
                {"model": figures.model, "data_set": figures.data_set, "split": figures.split}
                | {"views": "+".join(figures.views), "seed": seed, "rows": title, "num_rows": rows.num_rows}
                | facts
                | {each: format(number, number_format) for each, number in numbers.items()}
            )
    return lines


def _share(value: float) -> str:
    return figure_text("accuracy", value)
