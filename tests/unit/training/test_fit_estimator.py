import io
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from safetensors.numpy import load_file

from mien.errors import DataError, MienError
from mien.metrics.predictions import CHOSEN_ON, TRAINED_ON
from mien.models import compute_log_probabilities
from mien.training import RunFolder, read_recipe, resume_training, train
from mien.training.run_folder import CURVE_COLUMNS
from mien.training.training_data import read_training_data
from tests.conftest import make_patterns, write_csv

QUIET = Console(quiet=True)


def test_a_run_leaves_the_facts_and_one_file_of_arrays(estimator_run: RunFolder) -> None:
    files = sorted(file.relative_to(estimator_run.folder).as_posix() for file in estimator_run.folder.rglob("*.*"))
    assert files == ["recipe.json", "run.json", "weights/best.safetensors"]
    facts = estimator_run.facts
    assert facts["splits_seen"] == {"training": TRAINED_ON, "validation": CHOSEN_ON}
    assert facts["data_fingerprint"] == read_training_data(estimator_run.recipe.data).face_set.fingerprint
    assert facts["recipe_fingerprint"] == estimator_run.recipe.fingerprint
    assert "precision" not in facts
    assert estimator_run.read_curves() == []
    assert "epoch" in CURVE_COLUMNS


def test_the_accuracy_noted_is_that_of_the_recipes_views_on_validation(
    estimator_recipe_file: Path, tmp_path: Path
) -> None:
    for views in ("['plain']", "['plain', 'flip']"):
        recipe = read_recipe(estimator_recipe_file, [f"training.views={views}"])
        run = train(recipe, runs_folder=tmp_path / "runs", console=QUIET)
        validation = read_training_data(recipe.data).face_set.split("validation")
        scores = compute_log_probabilities(run.load_estimator(), validation.faces, views=recipe.training.views)
        expected = (scores.argmax(axis=1) == validation.labels).mean()
        assert float(run.weights_facts()["validation_accuracy"]) == pytest.approx(expected)
        assert expected > 0.8


def test_what_is_told(estimator_recipe_file: Path, tmp_path: Path) -> None:
    out = io.StringIO()
    train(read_recipe(estimator_recipe_file), runs_folder=tmp_path / "runs", console=Console(file=out, width=200))
    lines = out.getvalue().splitlines()
    assert lines[0] == f"{tmp_path / 'runs' / 'classical-1'}: hog_lbp_svm, fitted in one go, 63 faces train, 9 choose"
    assert lines[1] == "computing gradients and textures of 63 faces"
    assert lines[-1].startswith("fitted in ")
    assert lines[-1].endswith(" s: validation 100.00%, 9,075 numbers learned")


def test_the_training_split_alone_is_fitted(
    estimator_run: RunFolder, estimator_recipe_file: Path, tmp_path: Path
) -> None:
    """With other faces and labels in the other splits, the arrays are the same."""
    faces, labels = make_patterns(90)
    is_training = np.arange(90) % 10 < 7
    faces[~is_training] = 255 - faces[~is_training]
    labels[~is_training] = 6
    usages = ["Training" if row % 10 < 7 else ("PublicTest", "PrivateTest")[row % 2] for row in range(90)]
    write_csv(tmp_path / "patterns" / "fer2013.csv", faces, labels, usages)
    other = train(read_recipe(estimator_recipe_file), runs_folder=tmp_path / "runs", console=QUIET)
    assert other.facts["data_fingerprint"] != estimator_run.facts["data_fingerprint"]
    first, second = load_file(estimator_run.weights_file()), load_file(other.weights_file())
    assert first.keys() == second.keys()
    assert all((first[name] == second[name]).all() for name in first)


def test_the_same_recipe_gives_the_same_file(
    estimator_run: RunFolder, estimator_recipe_file: Path, tmp_path: Path
) -> None:
    again = train(read_recipe(estimator_recipe_file), runs_folder=tmp_path / "again", console=QUIET)
    assert again.weights_fingerprint() == estimator_run.weights_fingerprint()


def test_resuming_a_finished_run_says_so_and_changes_nothing(estimator_run: RunFolder) -> None:
    out = io.StringIO()
    before = estimator_run.weights_file().stat().st_mtime_ns
    resume_training(estimator_run.folder, console=Console(file=out, width=200))
    assert out.getvalue() == f"{estimator_run.folder}: fitted already; there is nothing to go on with\n"
    assert estimator_run.weights_file().stat().st_mtime_ns == before


def test_resuming_a_run_that_stopped_fits_it(estimator_run: RunFolder) -> None:
    before = estimator_run.weights_fingerprint()
    estimator_run.weights_file().unlink()
    assert resume_training(estimator_run.folder, console=QUIET).weights_fingerprint() == before


def test_a_training_split_of_one_class_is_refused(estimator_recipe_file: Path, tmp_path: Path) -> None:
    faces, _ = make_patterns(20)
    usages = ["Training"] * 10 + ["PublicTest"] * 5 + ["PrivateTest"] * 5
    write_csv(tmp_path / "patterns" / "fer2013.csv", faces, np.zeros(20, dtype=int), usages)
    with pytest.raises(DataError, match="number of classes among the training faces is 1; expected at least 2"):
        train(read_recipe(estimator_recipe_file), runs_folder=tmp_path / "runs", console=QUIET)


def test_a_place_that_cannot_be_written_leaves_a_run_to_go_on_with(
    estimator_recipe_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = RunFolder.save_weights

    def fail(self: RunFolder, *arguments: object, **options: object) -> None:
        raise MienError(f"{self.weights_file()}: cannot be written: no space left on the device")

    monkeypatch.setattr(RunFolder, "save_weights", fail)
    with pytest.raises(MienError, match="no space left"):
        train(read_recipe(estimator_recipe_file), runs_folder=tmp_path / "runs", console=QUIET)
    monkeypatch.setattr(RunFolder, "save_weights", save)
    resumed = resume_training(tmp_path / "runs" / "classical-1", console=QUIET)
    assert resumed.weights_file().exists()


PROGRAM = """
import signal, sys, time
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # which programs begun in the background are without
from mien.models.estimators.hog_lbp_svm import HogLbpSvm
from mien.training import read_recipe, train
def learn(self, faces, labels, *, seed, say):
    say("in the solver")
    time.sleep(100)
HogLbpSvm.learn = learn
train(read_recipe(Path(sys.argv[1])), runs_folder=Path(sys.argv[2]))
"""


def test_ctrl_c_is_heard_at_once_and_the_run_can_be_fitted_later(
    estimator_recipe_file: Path, estimator_run: RunFolder, tmp_path: Path
) -> None:
    """The fit sleeps in a thread that no signal wakes, as a compiled solver does."""
    runs = tmp_path / "stopped"
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", PROGRAM, str(estimator_recipe_file), str(runs)], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    lines = [process.stderr.readline()]
    while "in the solver" not in lines[-1] and lines[-1]:
        lines.append(process.stderr.readline())
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert time.monotonic() - started < 30
    assert process.returncode != 0
    folder = runs / "classical-1"
    assert f"stopped before it was fitted; fit with: mien train --resume {folder}\n" in errors
    assert not list((folder / "weights").iterdir())
    assert resume_training(folder, console=QUIET).weights_fingerprint() == estimator_run.weights_fingerprint()
