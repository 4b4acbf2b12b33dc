from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning import Callback, LightningModule, Trainer
from rich.console import Console
from safetensors.torch import load_file

from mien.data import FaceSet
from mien.data.balancing import balance
from mien.errors import DataError, ProtocolError, RunFolderError
from mien.evaluation.judge import choose, judge
from mien.evaluation.predict import predict_to_teach
from mien.metrics.predictions import Predictions
from mien.training import RunFolder, read_recipe, resume_training, train
from mien.training.distillation import DistillationSettings
from mien.training.forerunners import Forerunner, inherit
from mien.training.soft_targets import SoftTargets, read_soft_targets

CLASSES = ("angry", "happy", "sad")
SEEN = {"training": "trained on", "validation": "chosen on"}
QUIET = Console(quiet=True)


def make_set(**changes: Any) -> FaceSet:
    """Six training rows, two of each class, and one of validation in their midst."""
    splits = np.array([*["training"] * 3, "validation", *["training"] * 3])
    made = FaceSet(
        name="fer2013",
        pictures=np.arange(28, dtype=np.uint8).reshape(7, 2, 2),
        labels=np.array([0, 1, 2, 0, 0, 1, 2], np.int64),
        expressions=CLASSES,
        splits=splits,
        row_ids=np.array([f"made:{row}" for row in range(7)]),
        origins=np.array([f"made.csv:{row}" for row in range(7)]),
    )
    return replace(made, **changes)


def draw(seed: int, num_classes: int = 3) -> np.ndarray:
    scores = np.random.default_rng(seed).normal(size=(6, num_classes))
    return (np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def save(tmp_path: Path, make_predictions: Callable[..., Predictions]) -> Callable[..., str]:
    """Writes a teacher's answers on the training rows of the made set, in another order of the rows."""

    def save_one(probabilities: np.ndarray, name: str = "teacher.npz", **changes: Any) -> str:
        rows = np.array([6, 5, 4, 2, 1, 0])[: len(probabilities)]
        facts = {
            "expressions": CLASSES,
            "labels": np.zeros(len(rows), np.int64),
            "row_ids": np.array([f"made:{row}" for row in rows]),
            "has_copy_in_training": np.zeros(len(rows), bool),
            "split": "training",
            "views": ("plain",),
            "model": "old",
        }
        predictions = make_predictions(**{**facts, "probabilities": probabilities[::-1].copy(), **changes})
        return str(predictions.save(tmp_path / name))

    return save_one


def read(*files: str, face_set: FaceSet | None = None, temperature: float = 1.0) -> SoftTargets:
    return read_soft_targets(face_set or make_set(), DistillationSettings(predictions=files, temperature=temperature))


def test_rows_are_found_by_id_and_softened(save: Callable[..., str]) -> None:
    answers = draw(0)
    soft = read(save(answers), temperature=3.0)
    expected = (torch.from_numpy(answers).log() / 3).softmax(dim=1)
    torch.testing.assert_close(soft.values, expected)
    assert soft.values.dtype == torch.float32
    assert str(soft) == "1 teacher: old"


def test_classes_are_found_by_name_and_others_left_out(save: Callable[..., str]) -> None:
    answers = draw(0, 4)
    soft = read(save(answers, expressions=("sad", "fear", "happy", "angry")))
    wanted = torch.from_numpy(answers)[:, [3, 2, 0]]
    torch.testing.assert_close(soft.values, wanted / wanted.sum(dim=1, keepdim=True))


def test_classes_that_the_teacher_does_not_know_are_refused(save: Callable[..., str]) -> None:
    file = save(draw(0, 2), expressions=("happy", "bored"))
    with pytest.raises(DataError, match=r"teacher.npz: the teacher does not know angry, sad; it must know every class"):
        read(file)


def test_views_of_one_teacher_are_averaged_as_logits(save: Callable[..., str]) -> None:
    plain, flip = draw(0), draw(1)
    soft = read(save(plain, "plain.npz"), save(flip, "flip.npz", views=("flip",)))
    expected = torch.from_numpy(np.log(plain) + np.log(flip)).div(2).softmax(dim=1)
    torch.testing.assert_close(soft.values, expected)
    assert [len(each["files"]) for each in soft.teachers] == [2]


def test_a_view_that_would_count_twice_is_refused(save: Callable[..., str]) -> None:
    files = save(draw(0), "both.npz", views=("plain", "flip")), save(draw(0), "flip.npz", views=("flip",))
    with pytest.raises(DataError, match=r"flip.npz: the same weights answered training by view 'flip' in .*both.npz"):
        read(*files)


def test_probabilities_of_several_teachers_are_averaged(save: Callable[..., str]) -> None:
    first, second = draw(0), draw(1)
    soft = read(save(first, "1.npz"), save(second, "2.npz", weights_fingerprint="others", model="new"))
    torch.testing.assert_close(soft.values, torch.from_numpy(first + second) / 2)
    assert str(soft) == "2 teachers: old, new"


def test_teachers_may_each_answer_some_rows(save: Callable[..., str]) -> None:
    first, second = draw(0)[3:], draw(1)[:3]
    ids = np.array(["made:2", "made:1", "made:0"])
    soft = read(save(first, "1.npz"), save(second, "2.npz", weights_fingerprint="others", row_ids=ids))
    torch.testing.assert_close(soft.values, torch.from_numpy(np.concatenate([second, first])))
    assert [each["num_rows"] for each in soft.teachers] == [3, 3]


def test_rows_without_soft_targets_are_counted(save: Callable[..., str]) -> None:
    message = "fer2013: 2 of 6 training rows have no soft targets, the first made:0; let a teacher answer them"
    with pytest.raises(DataError, match=message):
        read(save(draw(0)[:4]))


def test_rows_that_balancing_copied_go_by_their_parents(save: Callable[..., str]) -> None:
    balanced = balance(make_set(), "over_sampling", counts={"sad": 4})
    values = read(save(draw(0)), face_set=balanced).values
    assert len(values) == 8
    assert all(any(torch.equal(row, values[sad]) for sad in (2, 5)) for row in values[6:])


def test_rows_made_of_several_have_a_target_of_the_same_data_alone(save: Callable[..., str]) -> None:
    balanced = balance(make_set(), "smote", counts={"sad": 3}, neighbours=1)
    made = balanced.row_ids[-1]
    ids = np.array([made, *(f"made:{row}" for row in (6, 5, 4, 2, 1, 0))])
    answers = np.concatenate([draw(0), draw(1)[:1]])
    facts = {"row_ids": ids, "labels": np.zeros(7, np.int64), "has_copy_in_training": np.zeros(7, bool)}
    values = read(save(answers, **facts, data_fingerprint=balanced.fingerprint), face_set=balanced).values
    torch.testing.assert_close(values[-1], torch.from_numpy(answers[-1]))
    with pytest.raises(DataError, match=f"1 of 7 training rows have no soft targets, the first {made}"):
        read(save(answers, **facts), face_set=balanced)


def test_predictions_of_another_data_set_are_refused(save: Callable[..., str]) -> None:
    with pytest.raises(
        DataError, match=r"teacher.npz: predictions of raf_db, and this run trains on fer2013; a teacher"
    ):
        read(save(draw(0), data_set="raf_db"))


def test_predictions_of_a_test_split_are_refused(save: Callable[..., str]) -> None:
    with pytest.raises(DataError, match=r"teacher.npz: predictions of a test split, which teaches nobody"):
        read(save(draw(0), split="test"))


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(DataError, match=r"gone\.npz: no such file"):
        read("gone.npz")


def test_what_a_run_keeps_of_a_teacher(save: Callable[..., str]) -> None:
    file = save(draw(0), is_leaky=True)
    soft = read(file)
    teacher = soft.teachers[0]
    assert (teacher["model"], teacher["weights_fingerprint"], teacher["num_rows"]) == ("old", "weights-1", 6)
    assert teacher["splits_seen"] == SEEN
    assert (teacher["files"][0]["file"], teacher["files"][0]["views"]) == (file, ["plain"])
    again = read(save(draw(1)))
    assert again.teachers[0]["files"][0]["sha256"] != teacher["files"][0]["sha256"]


@pytest.mark.parametrize(("protocol", "is_published"), [("official", True), ("clean", True), ("own", False)])
def test_what_is_inherited_of_a_teacher(save: Callable[..., str], protocol: str, is_published: bool) -> None:
    earlier = {"source": "earlier", "data_set": "raf_db", "splits_seen": SEEN}
    file = save(draw(0), is_leaky=True, protocol=protocol, data_set="fer2013+ck_plus", forerunners=(earlier,))
    itself, added, before = read(file).forerunners
    assert itself == Forerunner(
        source="old",
        data_set="fer2013+ck_plus",
        splits_seen=SEEN,
        has_published_splits=is_published,
        data_fingerprint="data-1",
        weights_fingerprint="weights-1",
        is_leaky=True,
    )
    assert (added.data_set, before) == ("ck_plus", Forerunner(**earlier))


@pytest.mark.parametrize(
    ("changes", "test"),
    [
        ({}, None),
        ({"splits_seen": {**SEEN, "test": "chosen on"}}, "chosen on by old"),
        ({"data_set": "ferplus"}, None),
        ({"data_set": "fer2013+ck_plus"}, None),
        ({"data_set": "facial_recognition"}, "may have been trained on by old"),
        ({"protocol": "own"}, "may have been trained on by old"),
        ({"protocol": "own", "data_fingerprint": make_set().fingerprint}, None),
    ],
    ids=["itself", "saw test", "same splits", "with others", "other splits", "own splits", "the same own splits"],
)
def test_a_run_inherits_what_its_teachers_saw(save: Callable[..., str], changes: dict[str, Any], test: str) -> None:
    files = save(draw(0), "plain.npz", **changes), save(draw(0), "flip.npz", views=("flip",), **changes)
    seen = inherit(SEEN, read(*files).forerunners, make_set())["splits_seen"]
    assert seen.get("test") == test
    assert seen["training"] == f"trained on; {'trained on' if test is None or 'may' not in test else test[:-7]} by old"


# --- in training ---------------------------------------------------------------------------------------------------


@pytest.fixture
def taught(tiny_run: RunFolder, tmp_path: Path) -> Path:
    """What the tiny run answers on its training split."""
    return predict_to_teach(tiny_run, "training").save(tmp_path / "taught.npz")


def learn(recipe_file: Path, file: Path, folder: Path, *changes: str, **options: Any) -> RunFolder:
    settings = [f"distillation.predictions=['{file}']", "name=student", *changes]
    return train(read_recipe(recipe_file, settings), runs_folder=folder, console=QUIET, **options)


def weights(run: RunFolder) -> list[float]:
    state = load_file(run.weights_file("last"))
    return torch.cat([state[name].flatten().float() for name in sorted(state)]).tolist()


def test_a_student_learns_from_a_teacher_and_says_so(
    tiny_recipe_file: Path, tiny_run: RunFolder, taught: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = [f"distillation.predictions=['{taught}']", "name=student"]
    student = train(read_recipe(tiny_recipe_file, settings), runs_folder=tmp_path / "students")
    assert ", 1 teacher: tiny" in capsys.readouterr().err
    facts = student.facts
    assert facts["teachers"][0]["weights_fingerprint"] == tiny_run.weights_fingerprint()
    assert facts["teachers"][0]["num_rows"] == 112
    assert facts["splits_seen"] == {
        "training": "trained on; trained on by tiny",
        "validation": "chosen on; chosen on by tiny",
    }
    assert choose(student).split == "validation"
    assert judge(student, results_folder=tmp_path / "results").file.exists()
    assert weights(student) != weights(tiny_run)


def test_a_student_on_the_own_split_of_its_teacher_is_judged(tiny_recipe_file: Path, tmp_path: Path) -> None:
    own = ["data.split.validation=0.1", "data.split.test=0.2", "training.epochs=1"]
    teacher = train(read_recipe(tiny_recipe_file, own), runs_folder=tmp_path / "runs", console=QUIET)
    files = [
        str(predict_to_teach(teacher, split).save(tmp_path / f"{split}.npz")) for split in ("training", "validation")
    ]
    settings = [*own, f"distillation.predictions={files}", "training.join_validation=true"]
    student = train(read_recipe(tiny_recipe_file, settings), runs_folder=tmp_path / "students", console=QUIET)
    assert student.facts["splits_seen"]["validation"] == "trained on; chosen on by tiny"
    assert len(student.facts["forerunners"]) == 1
    assert judge(student, results_folder=tmp_path / "results").file.exists()


def test_a_weight_of_0_gives_the_weights_of_no_distillation(
    tiny_recipe_file: Path, tiny_run: RunFolder, taught: Path, tmp_path: Path
) -> None:
    student = learn(tiny_recipe_file, taught, tmp_path / "students", "distillation.weight=0.0")
    assert weights(student) == weights(tiny_run)


def test_a_student_whose_teacher_saw_the_test_split_is_not_judged(
    tiny_recipe_file: Path, taught: Path, tmp_path: Path
) -> None:
    cheating = replace(Predictions.load(taught), splits_seen={**SEEN, "test": "trained on"}, is_leaky=True)
    student = learn(tiny_recipe_file, cheating.save(taught), tmp_path / "students", "training.epochs=1")
    assert student.facts["is_leaky"]
    message = r"test of fer2013 was seen by 'student' \(trained on by tiny\); no split of fer2013 is left"
    with pytest.raises(ProtocolError, match=message):
        judge(student, results_folder=tmp_path / "results")
    assert not (tmp_path / "results").exists()


class _StopAfterTheFirstEpoch(Callback):
    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.current_epoch == 1:
            raise KeyboardInterrupt


def test_a_resumed_student_equals_one_that_never_stopped(tiny_recipe_file: Path, taught: Path, tmp_path: Path) -> None:
    mixed = "augmentation.mixup=0.4"
    whole = learn(tiny_recipe_file, taught, tmp_path / "whole", mixed)
    with pytest.raises(KeyboardInterrupt):
        learn(tiny_recipe_file, taught, tmp_path / "stopped", mixed, callbacks=[_StopAfterTheFirstEpoch()])
    stopped = RunFolder.open(tmp_path / "stopped" / "student-1")
    assert len(stopped.read_curves()) == 1
    assert weights(resume_training(stopped.folder, console=QUIET)) == weights(whole)


def test_resuming_refuses_other_predictions(tiny_recipe_file: Path, taught: Path, tmp_path: Path) -> None:
    student = learn(tiny_recipe_file, taught, tmp_path / "students", "training.epochs=1")
    replace(Predictions.load(taught), seed=8).save(taught)
    message = "student-1: the teachers' predictions are not those this run began with; start a new run instead"
    with pytest.raises(RunFolderError, match=message):
        resume_training(student.folder, console=QUIET)
    taught.unlink()
    with pytest.raises(DataError, match=r"taught\.npz: no such file"):
        resume_training(student.folder, console=QUIET)


def test_a_run_without_soft_targets_leaves_no_folder(
    tiny_recipe_file: Path, tiny_run: RunFolder, tmp_path: Path
) -> None:
    file = predict_to_teach(tiny_run, "validation").save(tmp_path / "validation.npz")
    with pytest.raises(DataError, match="fer2013: 112 of 112 training rows have no soft targets"):
        learn(tiny_recipe_file, file, tmp_path / "students")
    assert not (tmp_path / "students").exists()
