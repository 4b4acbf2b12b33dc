"""What the judging end to end is told as: tables for the terminal and model cards, lines, and a CSV file."""

import math
from pathlib import Path

from mien.evaluation.end_to_end.figures import DetectorAnswers, EndToEndFigures, EndToEndReport, Share
from mien.evaluation.scenes import SERIES_SIZE_HW
from mien.evaluation.tables import figure_text, interval_text
from mien.metrics.row_figures import FEWEST_ROWS
from mien.writing import to_csv_text, write_atomically


def end_to_end_rows(report: EndToEndReport) -> list[list[str]]:
    """Return the figures of each detector on all faces as rows of text, the header first.

    The first row is that of the given crops, which need no detector.

    Args:
        report: What was measured.
    """
    table = [["detector", "found", "95 % interval", "overlap", "false boxes", "if found", "the same given"]]
    table[0] += ["end to end", "95 % interval", "less given", "95 % interval", "ms"]
    given = report.figures(report.given)
    table.append(["given crop", *["–"] * 6, *_text_of(given.right), "–", "–", f"{given.median_ms:.0f}"])
    for answers in report.detectors:
        figures = report.figures(answers)
        table.append(
            [
                answers.detector,
                *_text_of(figures.found),
                "–" if math.isnan(figures.overlap) else f"{figures.overlap:.2f}",
                f"{figures.false_boxes:.3f}",
                _percent(figures.right_if_found.value),
                _percent(figures.given_if_found.value),
                *_text_of(figures.right),
                f"{100 * figures.difference:+.2f}",
                interval_text("accuracy", figures.difference_interval, sign="+"),
                f"{figures.median_ms:.0f}",
            ]
        )
    return table


def group_rows(report: EndToEndReport) -> list[list[str]]:
    """Return recall and accuracies by side of the face and by background, in per cent, as rows of text, header first.

    Args:
        report: What was measured.
    """
    groups = [name for name in report.groups() if name.endswith((" pixels", " background"))]
    header = [name.removesuffix(" background") for name in groups]
    given = [report.figures(report.given, group=group).right for group in groups]
    table = [["detector", "figure", *header], ["given crop", "accuracy", *map(_short, given)]]
    for answers in report.detectors:
        all_figures = [report.figures(answers, group=group) for group in groups]
        table.append([answers.detector, "found", *(_short(each.found) for each in all_figures)])
        table.append(["", "accuracy if found", *(_short(each.right_if_found) for each in all_figures)])
        table.append(["", "accuracy end to end", *(_short(each.right) for each in all_figures)])
    return table


def end_to_end_lines(report: EndToEndReport) -> list[str]:
    """Return what the figures are of, what to think of them, and those on faces without a copy, a line each.

    Args:
        report: What was measured.
    """
    opened, series = report.opened, report.series
    height, width = SERIES_SIZE_HW
    sides = ", ".join(map(str, report.sides))
    lines = [
        f"{opened.model_file.contract.name} on {opened.split} of {opened.data_set}, end to end: {len(opened):,} faces, "
        f"each pasted into a scene of {width}x{height} with a side of {sides} pixels, seed {series.seed}",
        *_lines_on_kind(report),
        *(["leaky: copies across splits were allowed"] if opened.is_leaky else []),
        *report.left_out,
    ]
    if opened.num_left_out:
        lines.append(f"left out: {opened.num_left_out:,} faces of expressions that the model has no name for")
    if len(opened) < FEWEST_ROWS:
        lines.append(f"only {len(opened)} faces: figures on fewer than {FEWEST_ROWS} say little")
    group = "without a copy in training"
    if group in report.groups():
        each = [(answers, report.figures(answers, group=group)) for answers in (report.given, *report.detectors)]
        told = ", ".join(f"{_title_of(answers, report)} {_percent(figures.right.value)}" for answers, figures in each)
        lines.append(f"accuracy end to end {group} ({each[0][1].num_faces:,} faces): {told}")
    return lines


def write_end_to_end_csv(report: EndToEndReport, file: Path) -> Path:
    """Write every figure with its interval as CSV, a line for each detector and set of faces.

    Args:
        report: What was measured.
        file: File to write.

    Returns:
        The file written.

    Raises:
        MienError: If the place cannot be written.
    """
    return write_atomically(file, end_to_end_csv(report))


def end_to_end_csv(report: EndToEndReport) -> str:
    """Return what `write_end_to_end_csv` writes.

    Args:
        report: What was measured.
    """
    opened = report.opened
    facts = {"model": opened.model_file.contract.name, "data_set": opened.data_set, "split": opened.split}
    lines: list[dict[str, object]] = []
    for answers in (report.given, *report.detectors):
        detector = {"seed": report.series.seed, "detector": _title_of(answers, report), "margin": answers.margin}
        for group in report.groups():
            lines.append(facts | detector | {"faces": group} | _numbers(report.figures(answers, group=group)))
    return to_csv_text(lines, list(lines[0]))


def _numbers(figures: EndToEndFigures) -> dict[str, object]:
    """Return the columns of a set of faces; a share of no faces is empty."""
    numbers: dict[str, float] = {}
    for name in ("found", "right_if_found", "given_if_found", "right", "given"):
        share: Share = getattr(figures, name)
        low, high = share.interval or (math.nan, math.nan)
        numbers |= {name: share.value, f"{name}_low": low, f"{name}_high": high}
    low, high = figures.difference_interval
    numbers |= {"difference": figures.difference, "difference_low": low, "difference_high": high}
    numbers |= {"overlap": figures.overlap, "false_boxes": figures.false_boxes, "median_ms": figures.median_ms}
    texts = {name: "" if math.isnan(number) else f"{number:.6f}" for name, number in numbers.items()}
    return {"num_faces": figures.num_faces, **texts}


def _lines_on_kind(report: EndToEndReport) -> list[str]:
    opened = report.opened
    if opened.kind == "choice":
        return ["The model and its crop margins were chosen on this split: these figures flatter a little."]
    if opened.unknown_sources:
        sources = ", ".join(opened.unknown_sources)
        return [f"Nobody knows what {sources} had been trained on: the model may have seen these faces."]
    return ["The model had not seen these faces."]


def _title_of(answers: DetectorAnswers, report: EndToEndReport) -> str:
    return "given crop" if answers is report.given else answers.detector


def _percent(share: float) -> str:
    return figure_text("accuracy", share)


def _text_of(share: Share) -> tuple[str, str]:
    return _percent(share.value), interval_text("accuracy", share.interval)


def _short(share: Share) -> str:
    return "–" if math.isnan(share.value) else f"{100 * share.value:.1f}"
