import csv
import io
from dataclasses import replace

import pytest

from mien.evaluation.compare import compare
from mien.evaluation.comparison_tables import comparison_rows, mcnemar_line
from mien.evaluation.judge import predict_for_choice
from mien.evaluation.protocol import figures_for_choice, open_test_split
from mien.evaluation.report.figure_tables import make_comparisons, make_figures
from mien.evaluation.tables import percent
from mien.metrics.bootstrap import BOOTSTRAPPED


def _read(download) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(download.text)))


def test_figures_are_those_of_judging_on_both_sets_of_rows(make_contents, judged) -> None:
    figures, classes = make_figures(make_contents(judged.one.folder, judged.two.folder))
    _, all_rows, without_copy = figures.blocks
    assert all_rows.rows[0] == ["", "one\nvalidation", "one\ntest", "two\nvalidation"]
    expected = figures_for_choice(predict_for_choice(judged.two), num_draws=20)
    lines = [line for line in _read(all_rows.download) if line["model"] == "two"]
    for name in ("all_rows", "rows_without_copy"):
        rows = getattr(expected, name)
        wilson, *drawn = [line for line in lines if line["rows"] == name]
        assert (float(wilson["low"]), float(wilson["high"])) == rows.accuracy_interval
        assert [line["figure"] for line in drawn] == list(BOOTSTRAPPED)
        for line in drawn:
            assert float(line["value"]) == getattr(rows, line["figure"])
            assert (float(line["low"]), float(line["high"])) == rows.bootstrap.intervals[line["figure"]]
    accuracy = next(row for row in without_copy.rows if row[0] == "accuracy")[3]
    low, high = expected.rows_without_copy.accuracy_interval
    assert accuracy == f"{100 * expected.rows_without_copy.accuracy:.2f} %\n{100 * low:.2f} to {100 * high:.2f}"
    assert classes.title == "Classes"


def test_classes_stand_side_by_side(make_contents, judged) -> None:
    _, classes = make_figures(make_contents(judged.record.file, judged.two.folder))
    recall, precision, f1 = classes.blocks
    first = judged.record.figures.all_rows.per_class[0]
    assert [row[0] for row in recall.rows[1:]] == list(judged.record.figures.expressions)
    assert recall.rows[0] == precision.rows[0] == f1.rows[0] == ["", "one\ntest", "two\nvalidation"]
    assert recall.rows[1][1].splitlines()[::2] == [percent(first.recall), "2 cases"]
    assert f1.rows[1][1] == percent(first.f1)
    assert {row[1] for row in precision.rows if "never" in row[1]} <= {"never answered"}
    lines = [line for line in _read(recall.download) if (line["model"], line["rows"]) == ("one", "all_rows")]
    for line, each in zip(lines, judged.record.figures.all_rows.per_class, strict=True):
        assert (line["expression"], int(line["cases"])) == (each.expression, each.num_cases)
        assert (float(line["recall"]), float(line["recall_low"])) == (each.recall, each.recall_interval[0])


def test_comparisons_are_those_of_mien_compare(make_contents, judged) -> None:
    (part,) = make_comparisons(make_contents(judged.one.folder, judged.two.folder))
    all_rows, without_copy, words = part.blocks
    expected = compare(predict_for_choice(judged.one), predict_for_choice(judged.two), num_draws=20)
    assert part.title == "one (A) and two (B)"
    assert all_rows.rows == comparison_rows(expected.all_rows)
    assert without_copy.rows == comparison_rows(expected.rows_without_copy)
    assert words.lines[0] == f"All rows: {mcnemar_line(expected.all_rows)}."
    first = _read(all_rows.download)[0]
    assert float(first["difference"]) == expected.all_rows.differences[0].difference


def test_models_without_the_same_rows_are_not_compared(make_contents, make_predictions, judged, tmp_path) -> None:
    other = open_test_split(make_predictions(60), results_folder=tmp_path, recipe={})
    _, no_split = make_comparisons(make_contents(judged.two.folder, judged.ensemble, other.file))
    (words,) = no_split.blocks
    assert words.lines == ("Not compared, for want of a split that both answered: two on validation, compact on test.",)
    (other_rows,) = make_comparisons(make_contents(judged.record.file, other.file))
    (words,) = other_rows.blocks
    assert words.lines[0].startswith("Not compared on test: ")


@pytest.mark.parametrize("make", [make_figures, make_comparisons])
def test_without_answers_there_is_no_section(make_contents, judged, make) -> None:
    contents = make_contents(judged.two.folder)
    silent = replace(contents, models=(replace(contents.models[0], answered=()),))
    assert list(make(silent)) == []
