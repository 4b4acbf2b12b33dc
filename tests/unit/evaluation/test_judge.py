import json
from pathlib import Path

import pytest

from mien.errors import DataError, MienError, ProtocolError
from mien.evaluation.conformal import fit_sets_for, measure_sets
from mien.evaluation.judge import choose, judge
from mien.evaluation.predict import predict_split
from mien.evaluation.record_tables import records_markdown
from mien.evaluation.records import judged_predictions, list_records, recompute
from mien.training import RunFolder
from mien.training.training_data import read_training_data


def test_choose_gives_figures_of_kind_choice_and_no_record(tiny_run: RunFolder, tmp_path: Path) -> None:
    figures = choose(tiny_run)
    assert (figures.kind, figures.split, figures.all_rows.num_rows) == ("choice", "validation", 14)
    assert not list(tmp_path.glob("results/**/*.json"))


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ("training", "training of fer2013 is there to learn from; choose on validation, judge on test"),
        ("test", "nothing is chosen on test of fer2013"),
    ],
)
def test_choose_refuses_other_splits(tiny_run: RunFolder, split: str, message: str) -> None:
    with pytest.raises(ProtocolError, match=message):
        choose(tiny_run, split)
    assert no_test_answers(tiny_run)


def test_judge_leaves_a_sealed_record_with_both_figures(
    tiny_run_with_copy: tuple[RunFolder, Path], tmp_path: Path
) -> None:
    run, _ = tiny_run_with_copy
    record = judge(run, results_folder=tmp_path / "results", ships_as="tiny")
    assert record.figures.kind == "judgement"
    assert record.figures.all_rows.num_rows == 14
    assert record.figures.rows_without_copy is not None
    assert record.figures.rows_without_copy.num_rows == 13
    assert record.content["weights_fingerprint"] == run.weights_fingerprint()
    assert record.content["openings_before"] == 0
    assert record.content["num_parameters"] > 1000
    assert record.content["temperature"] > 0
    assert record.content["choice"]["accuracy"] == pytest.approx(choose(run).all_rows.accuracy)
    recompute(record)


@pytest.mark.parametrize("name", ["none", "temperature", "vector", "isotonic"])
def test_judge_records_the_calibrator_and_what_sets_do(tiny_run: RunFolder, tmp_path: Path, name: str) -> None:
    record = judge(tiny_run, results_folder=tmp_path / "results", calibrator=name)
    assert (record.calibrator, record.content["calibrator"]) == (name, name)
    assert (record.content["temperature"] == 1.0) == (name != "temperature")
    chosen_on = predict_split(tiny_run, read_training_data(tiny_run.recipe.data).face_set, "validation")
    answers = judged_predictions(record)
    for each in record.content["sets"]:
        sets = fit_sets_for(chosen_on, calibrator=name, method=each["method"])
        assert each == measure_sets(sets, answers).to_dict()
    assert [(each["method"], each["asked"]) for each in record.content["sets"]] == [("lac", 0.9), ("aps", 0.9)]
    recompute(record)


def test_judge_refuses_an_unknown_calibrator_before_the_test_split_is_opened(
    tiny_run: RunFolder, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="unknown calibrator 'temprature'; did you mean 'temperature'"):
        judge(tiny_run, results_folder=tmp_path / "results", calibrator="temprature")
    assert not list_records(tmp_path / "results")


def test_judge_averages_the_views_it_is_told(tiny_run: RunFolder, tmp_path: Path) -> None:
    record = judge(tiny_run, results_folder=tmp_path / "results", views=("plain",))
    assert record.figures.views == ("plain",)
    assert record.content["choice"]["accuracy"] == pytest.approx(choose(tiny_run, views=("plain",)).all_rows.accuracy)


def test_every_opening_counts(tiny_run: RunFolder, tmp_path: Path) -> None:
    for _ in range(2):
        judge(tiny_run, results_folder=tmp_path / "results", ships_as="tiny")
    second = list_records(tmp_path / "results")[-1]
    assert second.content["openings_before"] == second.content["openings_before_under_name"] == 1


def test_judge_compares_with_a_reference(tiny_run: RunFolder, tmp_path: Path) -> None:
    first = judge(tiny_run, results_folder=tmp_path / "results")
    second = judge(tiny_run, results_folder=tmp_path / "results", reference=first)
    assert second.content["mcnemar"]["p_value"] == pytest.approx(1.0)


def test_judge_refuses_a_run_that_saw_the_test_split(tiny_run: RunFolder, tmp_path: Path) -> None:
    file = tiny_run.folder / "run.json"
    facts = json.loads(file.read_text())
    facts["splits_seen"]["test"] = "trained on by its teacher"
    file.write_text(json.dumps(facts))
    with pytest.raises(ProtocolError, match=r"test of fer2013 was seen by 'tiny' \(trained on by its teacher\)"):
        judge(tiny_run, results_folder=tmp_path / "results")
    assert not (tmp_path / "results").exists()
    assert no_test_answers(tiny_run)


def test_an_opening_that_is_refused_leaves_no_test_answers(tiny_run: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="'bad/name' cannot name a file"):
        judge(tiny_run, results_folder=tmp_path / "results", ships_as="bad/name")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(MienError):
        judge(tiny_run, results_folder=tmp_path / "file")
    assert no_test_answers(tiny_run)


def test_a_reference_must_be_what_its_record_judged(tiny_run: RunFolder, tmp_path: Path) -> None:
    first = judge(tiny_run, results_folder=tmp_path / "results")
    first.predictions_file.unlink()
    with pytest.raises(ProtocolError, match=r"its predictions 0001-tiny\.npz are missing"):
        judge(tiny_run, results_folder=tmp_path / "results", reference=first)
    assert len(list_records(tmp_path / "results")) == 1


def test_answers_on_test_are_kept_beside_the_record_alone(tiny_run: RunFolder, tmp_path: Path) -> None:
    record = judge(tiny_run, results_folder=tmp_path / "results")
    assert record.predictions_file.exists()
    assert no_test_answers(tiny_run)


def test_an_estimator_is_judged_like_a_network(estimator_run: RunFolder, tmp_path: Path) -> None:
    record = judge(estimator_run, results_folder=tmp_path / "results")
    content = record.content
    assert record.figures.kind == "judgement"
    assert content["num_parameters"] == 3 * (900 + 36 * 59 + 1)
    assert content["recipe"] == estimator_run.recipe.model_dump(mode="json")
    assert "optimizer" not in content["recipe"]
    assert content["choice"]["accuracy"] == pytest.approx(choose(estimator_run).all_rows.accuracy)
    assert content["versions"]["scikit-image"]
    recompute(record)
    assert "9,075" in records_markdown(list_records(tmp_path / "results"))
    assert no_test_answers(estimator_run)


def no_test_answers(run: RunFolder) -> bool:
    """Return whether nothing in the run folder was answered on test."""
    return not list(run.folder.rglob("test-*"))
