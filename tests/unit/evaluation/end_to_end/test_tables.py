import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.errors import MienError
from mien.evaluation.end_to_end import (
    EndToEndReport,
    end_to_end_lines,
    end_to_end_rows,
    group_rows,
    write_end_to_end_csv,
)
from mien.evaluation.tables import interval_text
from mien.metrics.intervals import wilson_interval


def test_the_table_has_each_detector_beside_given_crops(report: EndToEndReport) -> None:
    header, given, detector = end_to_end_rows(report)
    assert len(header) == len(given) == len(detector)
    assert given[:2] + given[7:9] == ["given crop", "–", "75.00 %", interval_text("accuracy", wilson_interval(3, 4))]
    assert detector[:8] == [
        *("scripted", "50.00 %", interval_text("accuracy", wilson_interval(2, 4)), "1.00", "0.500"),
        *("50.00 %", "50.00 %", "25.00 %"),
    ]
    figures = report.figures(report.detectors[0])
    assert detector[9:11] == ["-50.00", interval_text("accuracy", figures.difference_interval, sign="+")]


def test_a_detector_that_finds_nothing_has_dashes(report: EndToEndReport) -> None:
    blind = replace(report.detectors[0], overlaps=np.full(4, np.nan), is_right=np.zeros(4, dtype=bool))
    rows = end_to_end_rows(replace(report, detectors=(blind,)))
    assert [rows[2][column] for column in (1, 3, 5, 6, 7)] == ["0.00 %", "–", "–", "–", "0.00 %"]
    assert set(group_rows(replace(report, detectors=(blind,)))[3][2:]) == {"–"}


def test_groups_are_told_by_side_and_background(report: EndToEndReport) -> None:
    header, given, found, if_found, right = group_rows(report)
    assert header == ["detector", "figure", "40 pixels", "80 pixels", "plain", "busy"]
    assert (given[:2], found[:2]) == (["given crop", "accuracy"], ["scripted", "found"])
    assert (if_found[:2], right[:2]) == (["", "accuracy if found"], ["", "accuracy end to end"])
    mask = report.series.sides == 80
    (answers,) = report.detectors
    assert found[3] == f"{100 * answers.is_found[mask].mean():.1f}"
    assert right[3] == f"{100 * answers.is_right[mask].mean():.1f}"
    assert given[3] == f"{100 * report.given.is_right[mask].mean():.1f}"


def test_lines_tell_what_the_figures_are_of(report: EndToEndReport) -> None:
    told = replace(report, opened=replace(report.opened, num_left_out=3), left_out=("without yunet: no file",))
    assert end_to_end_lines(told) == [
        "tiny on validation of made, end to end: 4 faces, each pasted into a scene of 640x480 with a side of 40, 80 "
        "pixels, seed 0",
        "The model and its crop margins were chosen on this split: these figures flatter a little.",
        "without yunet: no file",
        "left out: 3 faces of expressions that the model has no name for",
        "only 4 faces: figures on fewer than 30 say little",
        "accuracy end to end without a copy in training (3 faces): given crop 66.67 %, scripted 33.33 %",
    ]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"kind": "judgement"}, "The model had not seen these faces."),
        (
            {"kind": "judgement", "unknown_sources": ("weights.pt",)},
            "Nobody knows what weights.pt had been trained on: the model may have seen these faces.",
        ),
        ({"is_leaky": True}, "leaky: copies across splits were allowed"),
    ],
)
def test_lines_tell_what_to_think_of_the_figures(report: EndToEndReport, changes: dict[str, object], line: str) -> None:
    assert line in end_to_end_lines(replace(report, opened=replace(report.opened, **changes)))


def test_copies_alone_are_no_line(report: EndToEndReport) -> None:
    copies = replace(report.opened, has_copy_in_training=np.ones(4, dtype=bool))
    assert not any("copy" in line for line in end_to_end_lines(replace(report, opened=copies)))


def test_csv_holds_every_figure_of_every_group(report: EndToEndReport, tmp_path: Path) -> None:
    file = write_end_to_end_csv(report, tmp_path / "new" / "end.csv")
    with file.open(newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert len(lines) == 2 * 6
    assert [lines[0][name] for name in ("detector", "faces", "right", "difference")] == [
        *("given crop", "all", "0.750000", "0.000000"),
    ]
    line = lines[6]
    expected = {"model": "tiny", "data_set": "made", "split": "validation", "seed": "0", "detector": "scripted"}
    expected |= {"faces": "all", "num_faces": "4", "found": "0.500000", "right_if_found": "0.500000"}
    expected |= {"right": "0.250000", "given": "0.750000", "difference": "-0.500000", "false_boxes": "0.500000"}
    assert {name: line[name] for name in expected} == expected
    assert (float(line["right_low"]), float(line["right_high"])) == pytest.approx(wilson_interval(1, 4), abs=1e-6)


def test_csv_leaves_shares_of_no_face_empty(report: EndToEndReport, tmp_path: Path) -> None:
    blind = replace(report.detectors[0], overlaps=np.full(4, np.nan), is_right=np.zeros(4, dtype=bool))
    file = write_end_to_end_csv(replace(report, detectors=(blind,)), tmp_path / "end.csv")
    with file.open(newline="") as stream:
        line = list(csv.DictReader(stream))[6]
    assert [line[name] for name in ("overlap", "right_if_found", "right_if_found_low", "right")] == [
        "",
        "",
        "",
        "0.000000",
    ]


def test_csv_that_cannot_be_written_is_a_known_error(report: EndToEndReport, tmp_path: Path) -> None:
    with pytest.raises(MienError, match="it is a folder"):
        write_end_to_end_csv(report, tmp_path)
