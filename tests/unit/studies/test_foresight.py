import json
from pathlib import Path

import pytest

from mien.errors import DataError, ProtocolError
from mien.evaluation.predict import predict_to_teach
from mien.studies.foresight import check_keeps_validation, check_may_be_chosen, check_may_be_judged
from mien.training import RunFolder, read_recipe


def pretend_it_trained_on_validation(run: RunFolder) -> RunFolder:
    facts = run.facts
    facts["splits_seen"]["validation"] = "trained on"
    (run.folder / "run.json").write_text(json.dumps(facts))
    return run


def test_check_keeps_validation_tells_by_the_settings_alone(tiny_recipe_file: Path, fer2013_csv: Path) -> None:
    fer2013_csv.unlink()
    check_keeps_validation(read_recipe(tiny_recipe_file))
    joined = read_recipe(tiny_recipe_file, ["training.join_validation=true"])
    message = (
        "validation of fer2013 was trained on by 'tiny'; .*; nothing is trained: leave out training.join_validation"
    )
    for check in (check_keeps_validation, check_may_be_chosen):
        with pytest.raises(ProtocolError, match=message):
            check(joined)


def test_check_may_be_chosen_asks_what_the_starting_weights_have_seen(
    tiny_recipe_file: Path, tiny_run: RunFolder
) -> None:
    recipe = read_recipe(tiny_recipe_file, [f"finetuning.weights={tiny_run.folder}"])
    check_may_be_chosen(recipe)
    pretend_it_trained_on_validation(tiny_run)
    message = r"validation of fer2013 was trained on by 'tiny'; .*; nothing is trained: begin with other weights"
    with pytest.raises(ProtocolError, match=message) as raised:
        check_may_be_chosen(recipe)
    assert "\n" not in str(raised.value)


def test_check_may_be_chosen_asks_what_the_teachers_have_seen(
    tiny_recipe_file: Path, tiny_run: RunFolder, tmp_path: Path
) -> None:
    answers = [str(tmp_path / "before.npz"), str(tmp_path / "after.npz")]
    predict_to_teach(tiny_run, "training").save(Path(answers[0]))
    predict_to_teach(pretend_it_trained_on_validation(tiny_run), "training").save(Path(answers[1]))
    honest, joined = (
        read_recipe(tiny_recipe_file, [f"distillation.predictions=[{json.dumps(file)}]"]) for file in answers
    )
    check_may_be_chosen(honest)
    with pytest.raises(ProtocolError, match=r"validation of fer2013 was trained on by 'tiny'; .* or learn from other"):
        check_may_be_chosen(joined)


def test_what_is_not_there_yet_is_left_to_training(tiny_recipe_file: Path) -> None:
    for changes in (["finetuning.weights=gone"], ['distillation.predictions=["gone.npz"]']):
        check_may_be_chosen(read_recipe(tiny_recipe_file, changes))
        check_may_be_judged(read_recipe(tiny_recipe_file, changes))


def test_answers_that_do_not_fit_are_said_at_once(tiny_recipe_file: Path, tiny_run: RunFolder, tmp_path: Path) -> None:
    predict_to_teach(tiny_run, "validation").save(tmp_path / "few.npz")
    recipe = read_recipe(tiny_recipe_file, [f"distillation.predictions=[{str(tmp_path / 'few.npz')!r}]"])
    for check in (check_may_be_chosen, check_may_be_judged):
        with pytest.raises(DataError, match="112 of 112 training rows have no soft targets"):
            check(recipe)


def test_check_may_be_judged_takes_any_fold_for_seen_by_weights_of_the_same_pictures(tiny_recipe_file: Path) -> None:
    begun = ["finetuning.weights=compact"]
    check_may_be_judged(read_recipe(tiny_recipe_file, begun))
    message = (
        r"test of fer2013 was seen by 'tiny' \(may have been trained on by compact\); .*; nothing is trained: begin"
    )
    with pytest.raises(ProtocolError, match=message):
        check_may_be_judged(read_recipe(tiny_recipe_file, [*begun, "data.fold.folds=2"]))
