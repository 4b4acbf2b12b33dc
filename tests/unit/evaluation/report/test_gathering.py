import shutil
from pathlib import Path

import pytest
from rich.console import Console

from mien.errors import MienError, ProtocolError, RunFolderError
from mien.evaluation.judge import choose, judge, predict_for_choice
from mien.evaluation.report.gathering import gather_models
from mien.training import RunFolder, read_recipe, train


def test_a_run_stands_for_its_validation_answers_and_its_record(gather, judged) -> None:
    (model,) = gather(judged.one.folder)
    validation, test = model.answered
    assert validation.figures.all_rows.accuracy == choose(judged.one).all_rows.accuracy
    assert validation.figures.all_rows.bootstrap.num_draws == 20
    assert (validation.predictions.probabilities == predict_for_choice(judged.one).probabilities).all()
    assert test.figures.to_dict() == judged.record.figures.to_dict()
    assert (test.record.file, model.on("test"), model.on("training")) == (judged.record.file, test, None)
    assert model.runs == (judged.one,)


def test_a_run_without_a_record_and_an_ensemble_have_no_test_figures(gather, judged) -> None:
    run, ensemble = gather(judged.two.folder, judged.ensemble)
    assert [each.label for each in run.answered] == ["two, validation"]
    assert [each.label for each in ensemble.answered] == ["both, validation"]
    assert [each.folder.name for each in ensemble.runs] == ["one-1", "two-1"]


def test_a_record_stands_for_itself(gather, judged) -> None:
    (model,) = gather(judged.record.file)
    (test,) = model.answered
    assert (model.name, model.model, model.runs) == ("one", None, ())
    assert test.figures.to_dict() == judged.record.figures.to_dict()


def test_the_last_of_several_records_is_shown_and_the_others_named(judged, tmp_path: Path) -> None:
    first, last = (judge(judged.one, results_folder=tmp_path) for _ in range(2))
    (model,) = gather_models([judged.one.folder], results_folder=tmp_path, num_draws=5)
    assert model.on("test").record.file == last.file
    assert first.file.stem in model.remarks[0]


def test_names_are_unique(gather, judged, tmp_path: Path) -> None:
    shutil.copytree(judged.one.folder, tmp_path / "one-1")
    shutil.copytree(judged.one.folder, tmp_path / "one-2")
    models = gather(judged.one.folder, judged.record.file, tmp_path / "one-1", tmp_path / "one-2", judged.two.folder)
    assert [each.name for each in models] == ["one-1", "0001-one", "one-1 (2)", "one-2", "two"]
    assert {answered.figures.model for answered in models[2].answered} == {"one-1 (2)"}
    assert {answered.predictions.model for answered in models[2].answered} == {"one-1 (2)"}


def test_a_run_trained_on_validation_says_why_it_has_no_figures(tiny_recipe_file: Path, tmp_path: Path) -> None:
    recipe = read_recipe(tiny_recipe_file, ["training.epochs=1", "training.join_validation=true"])
    run = train(recipe, runs_folder=tmp_path / "runs", console=Console(quiet=True))
    (model,) = gather_models([run.folder], results_folder=tmp_path, num_draws=5)
    assert model.answered == ()
    assert "was trained on by 'tiny'" in model.remarks[0]


@pytest.mark.parametrize(("count", "message"), [(0, "none"), (2, "one-1 twice")])
def test_each_model_is_named_once(judged, count: int, message: str) -> None:
    with pytest.raises(MienError, match=f"names each model once; got .*{message}"):
        gather_models([judged.one.folder] * count)


def test_what_is_no_model_is_refused(gather, judged, tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="does not exist"):
        gather(tmp_path / "none")
    altered = shutil.copytree(judged.results, tmp_path / "results") / judged.record.file.relative_to(judged.results)
    altered.write_text(altered.read_text().replace('"seed": 0', '"seed": 1'))
    for place in (altered, judged.two.folder):
        with pytest.raises(ProtocolError, match="altered since it was sealed"):
            gather_models([place], results_folder=tmp_path / "results")


def test_another_data_set_is_refused(tiny_run: RunFolder, fer2013_csv: Path, tmp_path: Path) -> None:
    fer2013_csv.write_text("\n".join(fer2013_csv.read_text().splitlines()[:-5]) + "\n")
    (model,) = gather_models([tiny_run.folder], results_folder=tmp_path)
    assert "the data set is not the one this run trained on" in model.remarks[0]
