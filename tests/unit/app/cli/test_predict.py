from collections.abc import Callable
from pathlib import Path

import numpy as np

from mien.evaluation.predict import predict_split
from mien.metrics.predictions import Predictions
from mien.training import RunFolder
from mien.training.training_data import read_training_data
from tests.unit.app.cli.conftest import Ran


def test_predict_saves_what_a_run_answers(run: Callable[..., Ran], tiny_run: RunFolder, tmp_path: Path) -> None:
    output = tmp_path / "out" / "plain.npz"
    done = run("predict", tiny_run.folder, "--split", "training", "--views", "plain", "--output", output)
    assert (done.code, done.err) == (0, "")
    assert done.out == f"{output}: tiny on training of fer2013, views: plain; 112 rows\n"
    saved = Predictions.load(output)
    face_set = read_training_data(tiny_run.recipe.data).face_set
    expected = predict_split(tiny_run, face_set, "training", views=["plain"])
    np.testing.assert_array_equal(saved.probabilities, expected.probabilities)
    assert saved.row_ids.tolist() == face_set.split("training").row_ids.tolist()


def test_predict_takes_the_recipes_views(run: Callable[..., Ran], tiny_run: RunFolder, tmp_path: Path) -> None:
    done = run("predict", tiny_run.folder, "--split", "validation", "--output", tmp_path / "both.npz")
    assert done.code == 0
    assert Predictions.load(tmp_path / "both.npz").views == ("plain", "flip")


def test_predict_refuses_the_test_split(run: Callable[..., Ran], tiny_run: RunFolder, tmp_path: Path) -> None:
    output = tmp_path / "test.npz"
    done = run("predict", tiny_run.folder, "--split", "test", "--output", output)
    message = "the test split teaches nobody; it is opened by `mien evaluate`, which leaves a record"
    assert done == (2, "", f"error: {message}\n")
    assert not output.exists()
