import csv
import re
import signal
import subprocess
import sys
import time
from itertools import combinations
from pathlib import Path

import pytest
from lightning import Callback, LightningModule, Trainer
from rich.console import Console
from safetensors.torch import load_file

from mien.errors import DataError, ProtocolError, RecipeError, RunFolderError
from mien.places import cache_folder
from mien.training import Recipe, RunFolder, read_recipe, resume_training, train
from mien.training.callbacks import SaveToResume
from mien.training.recipe import build_recipe
from mien.training.training_data import read_training_data
from tests.conftest import make_rows, write_folders


def weights(run: RunFolder, which: str = "last") -> dict[str, list[float]]:
    return {name: value.flatten().tolist() for name, value in load_file(run.weights_file(which)).items()}


@pytest.fixture
def trained(tiny_recipe_file: Path, tmp_path: Path) -> RunFolder:
    return train(read_recipe(tiny_recipe_file), runs_folder=tmp_path / "runs")


def test_a_run_leaves_everything_behind(trained: RunFolder) -> None:
    rows = trained.read_curves()
    assert [row["epoch"] for row in rows] == [0, 1]
    assert all(row["pictures_per_second"] > 0 for row in rows)
    assert trained.weights_file("best").exists()
    assert trained.resume_file.exists()
    assert trained.facts["precision"] == "float32"
    assert 100 < trained.facts["mean"] < 140


def test_further_callbacks_run_after_what_is_kept_of_an_epoch(tiny_recipe_file: Path, tmp_path: Path) -> None:
    class StopAfterTheFirst(Callback):
        def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
            trainer.should_stop = True

    run = train(read_recipe(tiny_recipe_file), runs_folder=tmp_path / "runs", callbacks=[StopAfterTheFirst()])
    assert len(run.read_curves()) == 1
    assert run.resume_file.exists()
    again = resume_training(run.folder, callbacks=[StopAfterTheFirst()])
    assert len(again.read_curves()) == 2


def test_training_learns(tiny_recipe_file: Path, tmp_path: Path) -> None:
    recipe = read_recipe(tiny_recipe_file, ["training.epochs=25", "augmentation.erase=0.0", "augmentation.shift=0.0"])
    rows = train(recipe, runs_folder=tmp_path / "runs").read_curves()
    assert rows[-1]["loss"] < 0.7 * rows[0]["loss"]
    assert max(row["validation_accuracy"] for row in rows) > 0.6


def test_best_is_the_epoch_of_the_highest_validation_accuracy(tiny_recipe_file: Path, tmp_path: Path) -> None:
    from safetensors import safe_open

    run = train(read_recipe(tiny_recipe_file, ["training.epochs=6"]), runs_folder=tmp_path / "runs")
    accuracies = [row["validation_accuracy"] for row in run.read_curves()]
    with safe_open(run.weights_file("best"), "pt") as file:
        facts = file.metadata()
    assert int(facts["epoch"]) == accuracies.index(max(accuracies))
    assert float(facts["validation_accuracy"]) == pytest.approx(max(accuracies), abs=1e-5)


def test_the_same_recipe_gives_the_same_files_of_weights(
    trained: RunFolder, tiny_recipe_file: Path, tmp_path: Path
) -> None:
    again = train(read_recipe(tiny_recipe_file), runs_folder=tmp_path / "again")
    for which in ("best", "last"):
        assert again.weights_file(which).read_bytes() == trained.weights_file(which).read_bytes()
    other = train(read_recipe(tiny_recipe_file, ["training.seed=1"]), runs_folder=tmp_path / "other")
    assert weights(other) != weights(trained)


def test_averaging_changes_what_is_judged(trained: RunFolder, tiny_recipe_file: Path, tmp_path: Path) -> None:
    plain = train(read_recipe(tiny_recipe_file, ["training.average_decay=0.0"]), runs_folder=tmp_path / "plain")
    assert weights(plain) != weights(trained)


def test_label_smoothing_changes_the_loss(trained: RunFolder, tiny_recipe_file: Path, tmp_path: Path) -> None:
    plain = train(read_recipe(tiny_recipe_file, ["training.label_smoothing=0.0"]), runs_folder=tmp_path / "plain")
    assert plain.read_curves()[0]["loss"] != trained.read_curves()[0]["loss"]


CHANGES = (
    "training.seed=0",
    "loss.name=mean_squared_error",
    "loss.name=binary_cross_entropy",
    "loss.name=hinge",
    "loss={name='hinge', penalty=1.0}",
    "loss.name=focal",
    "loss={name='focal', gamma=1.0}",
    "model.output_activation=sigmoid",
    "model.output_activation=relu",
    "model.norm=group",
    "head.pooling=average",
    "head.pooling=max",
    "head.pooling=flatten",
    "head.dropout=0.5",
    "head.hidden=[16]",
    "head={hidden=[16], dropout=0.5, dropout_at=['before']}",
    "head={hidden=[16], normalization='batch'}",
    "head={hidden=[16], normalization='group'}",
)


def test_loss_activation_norm_and_head_each_have_an_effect_of_their_own(tiny_recipe_file: Path, tmp_path: Path) -> None:
    """No two of these give the same weights after one epoch; the first is the recipe as it is."""
    results = []
    for change in CHANGES:
        recipe = read_recipe(tiny_recipe_file, [change, "training.epochs=1"])
        results.append(weights(train(recipe, runs_folder=tmp_path / "runs", console=Console(quiet=True))))
    assert [(one, other) for one, other in combinations(range(len(CHANGES)), 2) if results[one] == results[other]] == []


@pytest.mark.parametrize("change", ['training.class_weights="balanced"', 'training.sampling="level"'])
def test_making_up_for_rare_classes_changes_the_weights(
    tiny_recipe_file: Path, fer2013_csv: Path, tmp_path: Path, change: str
) -> None:
    header, *rows = fer2013_csv.read_text().splitlines()
    rare = [row for row in rows if row.startswith("1,")]
    fer2013_csv.write_text("\n".join([header, *(row for row in rows if row not in rare[3:])]) + "\n")
    plain = train(read_recipe(tiny_recipe_file), runs_folder=tmp_path / "plain")
    other = train(read_recipe(tiny_recipe_file, [change]), runs_folder=tmp_path / "other")
    assert weights(other) != weights(plain)


def test_the_test_split_is_never_touched(tiny_recipe_file: Path, fer2013_csv: Path, tmp_path: Path) -> None:
    """Other test pictures give the same weights."""
    before = train(read_recipe(tiny_recipe_file), runs_folder=tmp_path / "before")
    rows = list(csv.reader(fer2013_csv.open()))
    changed = [[row[0], " ".join(["9"] * 2304), row[2]] if row[2] == "PrivateTest" else row for row in rows]
    fer2013_csv.write_text("\n".join(",".join(row) for row in changed) + "\n")
    after = train(read_recipe(tiny_recipe_file), runs_folder=tmp_path / "after")
    assert before.facts["data_fingerprint"] != after.facts["data_fingerprint"]
    assert weights(before) == weights(after)


PROGRAM = """
import sys
from pathlib import Path
from mien.training import read_recipe, train
train(read_recipe(Path(sys.argv[1]), ["training.epochs=8"]), runs_folder=Path(sys.argv[2]))
"""


def test_a_run_stopped_by_ctrl_c_goes_on_as_if_it_had_never_stopped(tiny_recipe_file: Path, tmp_path: Path) -> None:
    whole = train(read_recipe(tiny_recipe_file, ["training.epochs=8"]), runs_folder=tmp_path / "whole")
    folder = tmp_path / "killed" / "tiny-1"
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tiny_recipe_file), str(folder.parent)],
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not (folder / "resume.ckpt").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode != 0, "the run ended before it could be stopped"
    assert f"go on with: mien train --resume {folder}" in errors.replace("\n", "")
    resumed = resume_training(folder)
    assert weights(resumed) == weights(whole)
    assert weights(resumed, "best") == weights(whole, "best")
    columns = ("epoch", "loss", "validation_accuracy")
    assert [[row[c] for c in columns] for row in resumed.read_curves()] == [
        [row[c] for c in columns] for row in whole.read_curves()
    ]


def test_a_run_killed_before_its_first_checkpoint_starts_anew(tiny_recipe_file: Path, tmp_path: Path) -> None:
    whole = train(read_recipe(tiny_recipe_file), runs_folder=tmp_path / "runs")
    whole.resume_file.unlink()
    before = weights(whole)
    assert weights(resume_training(whole.folder)) == before


def test_resuming_a_finished_run_changes_nothing(trained: RunFolder) -> None:
    before = weights(trained)
    assert weights(resume_training(trained.folder)) == before
    assert len(trained.read_curves()) == 2


def test_a_run_goes_on_beside_its_own_recipe(trained: RunFolder, tiny_recipe_file: Path) -> None:
    beside = ['name="other"', "trainer.num_nodes=1", "training.tensorboard=true"]
    assert resume_training(trained.folder, recipe=read_recipe(tiny_recipe_file, beside)).folder == trained.folder


@pytest.mark.parametrize(
    ("changes", "differences"),
    [
        (["training.epochs=3"], "training.epochs is 3 and was 2"),
        (
            ["training.epochs=3", "optimizer.momentum=0.5", "model.width=8", "training.seed=1"],
            "model.width is 8 and was 4; optimizer.momentum is 0.5 and was 0.9; training.epochs is 3 and was 2, "
            "and 1 more",
        ),
    ],
)
def test_resume_refuses_another_recipe(
    trained: RunFolder, tiny_recipe_file: Path, changes: list[str], differences: str
) -> None:
    own = f"start a new run, or go on with its own recipe: mien train --resume {trained.folder}"
    message = f"{trained.folder}: a run of another recipe: {differences}; {own}"
    with pytest.raises(RunFolderError, match=f"^{re.escape(message)}$"):
        resume_training(trained.folder, recipe=read_recipe(tiny_recipe_file, changes))


def test_resume_refuses_other_data(trained: RunFolder, fer2013_csv: Path) -> None:
    text = fer2013_csv.read_text()
    fer2013_csv.write_text(text.replace("\n0,", "\n1,", 1))
    with pytest.raises(RunFolderError, match="the data set is not the one this run began with"):
        resume_training(trained.folder)


def test_a_set_without_validation_is_refused(tiny_recipe_file: Path, fer2013_csv: Path, tmp_path: Path) -> None:
    fer2013_csv.write_text(fer2013_csv.read_text().replace("PublicTest", "Training"))
    with pytest.raises(DataError, match="fer2013 has no validation split"):
        train(read_recipe(tiny_recipe_file), runs_folder=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def drop_from_training(fer2013_csv: Path, *labels: int) -> None:
    header, *rows = fer2013_csv.read_text().splitlines()
    kept = [row for row in rows if not (int(row[0]) in labels and row.endswith("Training"))]
    fer2013_csv.write_text("\n".join([header, *kept]) + "\n")


def test_classes_missing_from_training_are_refused(tiny_recipe_file: Path, fer2013_csv: Path, tmp_path: Path) -> None:
    drop_from_training(fer2013_csv, 1, 4)
    message = (
        "fer2013: no training picture of disgust, sad; add some, leave it out with data.expressions, or "
        "accept it with data.allow_missing_classes=true"
    )
    with pytest.raises(DataError, match=re.escape(message)):
        train(read_recipe(tiny_recipe_file), runs_folder=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_classes_missing_from_training_can_be_allowed(
    tiny_recipe_file: Path, fer2013_csv: Path, tmp_path: Path
) -> None:
    drop_from_training(fer2013_csv, 1)
    recipe = read_recipe(tiny_recipe_file, ["data.allow_missing_classes=true"])
    assert len(train(recipe, runs_folder=tmp_path / "runs").read_curves()) == 2


def test_a_batch_that_processes_cannot_share_leaves_no_folder(tiny_recipe_file: Path, tmp_path: Path) -> None:
    recipe = read_recipe(tiny_recipe_file, ["trainer.devices=3", 'trainer.accelerator="cpu"'])
    with pytest.raises(DataError, match="3 processes cannot share a batch of 16 evenly"):
        train(recipe, runs_folder=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_a_batch_larger_than_the_split_leaves_no_folder(tiny_recipe_file: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="112 training pictures are fewer than one batch of 1000"):
        train(read_recipe(tiny_recipe_file, ["training.batch_size=1000"]), runs_folder=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_a_run_keeps_black_and_white_of_faces_prepared_to_other_numbers(
    trained: RunFolder, tiny_recipe_file: Path, tmp_path: Path
) -> None:
    recipe = read_recipe(tiny_recipe_file, ["training.epochs=1", "data.prepare=['scale']"])
    pixels = read_training_data(recipe.data).face_set.split("training").faces
    run = train(recipe, runs_folder=tmp_path)
    assert run.facts["value_range"] == [float(pixels.min()), float(pixels.max())]
    assert "value_range" not in trained.facts


def test_crops_larger_than_the_pictures_leave_no_folder(tiny_recipe_file: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"augmentation\.crop_pixels is 60, and the training pictures are 48x48"):
        train(read_recipe(tiny_recipe_file, ["augmentation.crop_pixels=60"]), runs_folder=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


EVERYTHING = (
    "flip_vertical=0.1 shear_degrees=5.0 fill=mirror crop_pixels=40 ten_crop=true brightness=0.2 contrast=0.2 "
    "noise_deviation=4.0 occlusion=0.3 erase_fill=noise mixup=0.4 cutmix=1.0 strength=falling"
)


def test_a_run_with_every_change_can_be_repeated_to_the_last_bit(
    trained: RunFolder, tiny_recipe_file: Path, tmp_path: Path
) -> None:
    recipe = read_recipe(tiny_recipe_file, [f"augmentation.{setting}" for setting in EVERYTHING.split()])
    first, again = (train(recipe, runs_folder=tmp_path / name) for name in ("first", "again"))
    assert weights(first) == weights(again)
    assert weights(first) != weights(trained)


@pytest.mark.parametrize("damage", [b"", b"nothing", None])
def test_a_damaged_checkpoint_is_named(trained: RunFolder, damage: bytes | None) -> None:
    content = trained.resume_file.read_bytes()
    trained.resume_file.write_bytes(content[: len(content) // 2] if damage is None else damage)
    with pytest.raises(RunFolderError, match=r"resume\.ckpt is damaged; delete it to start this run anew"):
        resume_training(trained.folder)


def test_copies_across_splits_of_ones_own_stop_a_run_and_say_so_when_allowed(tmp_path: Path) -> None:
    faces, labels, usages = make_rows(210)
    faces[usages.index("PrivateTest")] = faces[0]
    folder = write_folders(tmp_path / "folders", faces, labels, usages, has_prefix=False)
    settings = {
        "name": "own",
        "data": {"path": str(folder)},
        "model": {"name": "vgg_se", "width": 4, "pooling": "average"},
        "training": {"epochs": 1, "batch_size": 16},
    }
    with pytest.raises(ProtocolError, match="fer2013: 1 rows have an identical picture in another split"):
        train(build_recipe(settings), runs_folder=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
    settings["data"]["allow_leakage"] = True
    assert train(build_recipe(settings), runs_folder=tmp_path / "runs").facts["is_leaky"]


def test_the_cache_is_the_tests_own(trained: RunFolder) -> None:
    assert "pytest" in str(cache_folder())


# --- optimizers and schedules in a run ---------------------------------------------------------------------------


class StoppedError(Exception):
    """Raised by a test to stop a run right after a checkpoint."""


def train_and_resume(recipe: Recipe, folder: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """Return a run that stopped after its first epoch and went on."""

    def save_and_stop(self: SaveToResume, *arguments: object) -> None:
        save(self, *arguments)
        raise StoppedError

    save = SaveToResume.on_train_epoch_end
    with monkeypatch.context() as patch:
        patch.setattr(SaveToResume, "on_train_epoch_end", save_and_stop)
        with pytest.raises(StoppedError):
            train(recipe, runs_folder=folder)
    (stopped,) = folder.iterdir()
    assert len(RunFolder.open(stopped).read_curves()) == 1
    return resume_training(stopped)


@pytest.mark.parametrize(
    "changes",
    [
        ["optimizer.momentum=0.0", "schedule.name=cosine"],
        ["optimizer.name=adam", "schedule={name = 'cosine_restarts', first_epochs = 1}"],
        ["optimizer.sharpness=0.05", "optimizer.clip_norm=0.5"],
        ["schedule={name = 'plateau', patience = 0, min_change = 100.0, factor = 0.5}"],
        ["schedule={name = 'plateau', patience = 0, min_change = 100.0, factor = 0.5, warmup_steps = 5}"],
        ["schedule={name = 'cosine', warmup_epochs = 1.5}"],
        ["schedule={name = 'super_convergence'}", "optimizer.accumulate=2"],
        ["optimizer.decay=decoupled", "optimizer.weight_decay=0.5", "schedule.name=constant"],
        ["optimizer.name=asgd", "schedule={name = 'step_list', rates = [[1, 0.05], [2, 0.01]]}"],
    ],
    ids=" ".join,
)
def test_a_stopped_run_goes_on_to_the_same_weights(
    tiny_recipe_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: list[str]
) -> None:
    recipe = read_recipe(tiny_recipe_file, ["training.epochs=3", *changes])
    whole = train(recipe, runs_folder=tmp_path / "whole")
    resumed = train_and_resume(recipe, tmp_path / "stopped", monkeypatch)
    assert weights(resumed) == weights(whole)
    assert weights(resumed, "best") == weights(whole, "best")
    columns = ("epoch", "loss", "validation_accuracy", "learning_rate")
    assert [[row[c] for c in columns] for row in resumed.read_curves()] == [
        [row[c] for c in columns] for row in whole.read_curves()
    ]


@pytest.mark.parametrize(
    ("changes", "rates"),
    [
        (["schedule.name=constant"], [0.1, 0.1, 0.1]),
        (["schedule={name = 'step_list', rates = [[1, 0.05], [2, 0.01]]}"], [0.05, 0.01, 0.01]),
        (["schedule={name = 'step', every = 1, factor = 0.5}", "optimizer.accumulate=2"], [0.05, 0.025, 0.0125]),
        # Seen at the end of the validation, so before a plateau's step; the first figure is better than none.
        (["schedule={name = 'plateau', patience = 0, min_change = 100.0, factor = 0.5}"], [0.1, 0.1, 0.05]),
        (["schedule={name = 'constant', warmup_epochs = 2}"], [0.1 * 8 / 15, 0.1, 0.1]),
    ],
)
def test_curves_say_the_rate_of_the_schedule(
    tiny_recipe_file: Path, tmp_path: Path, changes: list[str], rates: list[float]
) -> None:
    run = train(read_recipe(tiny_recipe_file, ["training.epochs=3", *changes]), runs_folder=tmp_path / "runs")
    assert [row["learning_rate"] for row in run.read_curves()] == pytest.approx(rates, rel=1e-5)


def test_a_plateau_looks_at_the_metric_of_its_name(tiny_recipe_file: Path, tmp_path: Path) -> None:
    """The loss falls in each epoch; the accuracy never rises by 2."""
    last_rates = []
    for metric, min_change in (("validation_loss", 0.0), ("validation_accuracy", 2.0)):
        schedule = f"schedule={{name = 'plateau', metric = '{metric}', patience = 0, min_change = {min_change}}}"
        changes = ["training.epochs=3", "optimizer.learning_rate=0.01", "training.average_decay=0.0", schedule]
        run = train(read_recipe(tiny_recipe_file, changes), runs_folder=tmp_path / metric)
        last_rates.append(run.read_curves()[-1]["learning_rate"])
    assert last_rates == pytest.approx([0.01, 0.001])


@pytest.mark.parametrize(
    "change",
    [
        "optimizer.clip_norm=0.01",
        "optimizer.clip_value=0.001",
        "optimizer.accumulate=3",
        "optimizer.sharpness=0.5",
        "optimizer.decay=decoupled",
        "optimizer.decay_on=all",
        "schedule.warmup_steps=3",
    ],
)
def test_what_moves_the_weights_changes_them(
    trained: RunFolder, tiny_recipe_file: Path, tmp_path: Path, change: str
) -> None:
    assert weights(train(read_recipe(tiny_recipe_file, [change]), runs_folder=tmp_path / "other")) != weights(trained)


def test_a_run_too_short_for_its_schedule_leaves_no_folder(tiny_recipe_file: Path, tmp_path: Path) -> None:
    recipe = read_recipe(tiny_recipe_file, ["schedule.warmup_epochs=2"])
    with pytest.raises(RecipeError, match="a warm-up of 14 steps fills a run of 14; expected fewer"):
        train(recipe, runs_folder=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
