import csv
import io

import pytest

from mien.errors import ExplanationError
from mien.evaluation.calibration import measure_calibration, set_rows
from mien.evaluation.ensemble import open_model
from mien.evaluation.ensemble.building import measure_ensemble
from mien.evaluation.ensemble.tables import member_rows
from mien.evaluation.report import measured
from mien.evaluation.report.measured import make_calibration, make_ensembles, make_robustness
from mien.evaluation.robustness import measure_robustness, robustness_rows


@pytest.fixture
def few_corruptions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the section measure two corruptions alone."""

    def measure(run, **options):
        return measure_robustness(run, corruptions=["blur", "darker"], **options)

    monkeypatch.setattr(measured, "measure_robustness", measure)


def test_calibration_is_that_of_mien_calibrate_and_of_the_record(run_of_350, make_contents, judged) -> None:
    run, record = make_calibration(make_contents(run_of_350.folder, judged.record.file))
    calibrators, best, sets = run.blocks
    expected = measure_calibration(run_of_350)
    assert calibrators.rows == expected.calibrator_rows()
    assert best.lines[0].startswith(f"Least log loss: {expected.best}.")
    assert sets.rows == set_rows(expected.sets)
    lines = list(csv.DictReader(io.StringIO(calibrators.download.text)))
    assert [float(line["log_loss"]) for line in lines] == [each.log_loss for each in expected.calibrators]
    (on_test,) = record.blocks
    assert "(0001-one)" in on_test.caption
    assert [row[0] for row in on_test.rows[1:]] == [each["method"] for each in judged.record.content["sets"]]


def test_what_cannot_be_calibrated_says_why(make_contents, judged) -> None:
    (part,) = make_calibration(make_contents(judged.two.folder))  # two rows of each class are too few for five folds
    (words,) = part.blocks
    assert "fold" in words.lines[0]


def test_an_ensemble_tells_its_members_and_its_gain(make_contents, judged) -> None:
    (part,) = make_ensembles(make_contents(judged.two.folder, judged.ensemble))
    table, words = part.blocks
    assert part.title == "both"
    assert table.rows == member_rows(measure_ensemble(open_model(judged.ensemble)))
    assert words.lines[0] == "Chosen by the method equal; views: plain."
    assert words.lines[1].startswith("Chosen on one half, judged on the other, both ways: accuracy ")


@pytest.mark.usefixtures("few_corruptions")
def test_robustness_is_that_of_mien_robustness(make_contents, judged) -> None:
    summary, one, two = make_robustness(make_contents(judged.one.folder, judged.two.folder))
    words, side_by_side, plots = summary.blocks
    assert "on 5 faces spread over validation" in words.lines[0]
    expected = measure_robustness(judged.one, corruptions=["blur", "darker"], rows=5)
    table, lines = one.blocks
    assert table.rows == robustness_rows(expected)
    assert lines.lines[0].startswith("rows: all; clean accuracy")
    assert [row[0] for row in side_by_side.rows] == ["corruption", "blur", "darker", "all"]
    means = list(csv.reader(io.StringIO(side_by_side.download.text)))
    assert float(means[-1][1]) == expected.mean_corruption_accuracy()
    accuracies = [float(line["accuracy"]) for line in csv.DictReader(io.StringIO(table.download.text))]
    assert expected.clean.all_rows.accuracy in accuracies
    assert ([each.caption for each in plots.plots], two.title) == (["one", "two"], "two")


@pytest.mark.usefixtures("few_corruptions")
def test_a_model_that_cannot_be_corrupted_says_why(make_contents, judged, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(run, **_):
        raise ExplanationError("not this one")

    monkeypatch.setattr(measured, "measure_robustness", refuse)
    (part,) = make_robustness(make_contents(judged.ensemble))
    assert part.blocks[0].lines == ("both: not this one",)


def test_records_alone_are_not_corrupted(make_contents, judged) -> None:
    assert list(make_robustness(make_contents(judged.record.file))) == []
