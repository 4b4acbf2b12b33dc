from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mien.data import read_dataset
from mien.evaluation.end_to_end import draw_scene_sheet, open_faces
from mien.recognition.model_file import load_model_file
from tests.tiny_model import TINY_CONTRACT, write_tiny_model
from tests.unit.app.cli.conftest import Ran

Runner = Callable[..., Ran]


@pytest.fixture
def model(fer2013_csv: Path, tmp_path: Path) -> Path:
    recipe = {"name": "tiny", "data": {"dataset": "fer2013", "path": str(fer2013_csv)}}
    return write_tiny_model(tmp_path / "tiny.onnx", replace(TINY_CONTRACT, recipe=recipe))


def test_a_model_is_measured_told_and_drawn(run: Runner, model: Path, tmp_path: Path) -> None:
    chosen = ("--detector", "haar", "--rows", 3, "--side", 60, "--side", 90, "--seed", 2)
    done = run("end-to-end", model, *chosen, "--csv", tmp_path / "a.csv", "--pictures", tmp_path / "drawn")
    assert (done.code, done.err) == (0, "")
    curves, scenes = (tmp_path / "drawn" / f"tiny-validation-{name}.png" for name in ("end-to-end", "scenes"))
    for words in (
        "tiny on validation of fer2013, end to end: 3 faces",
        "seed 2",
        "60 pixels",
        "given crop",
        "accuracy end to end",
        f"figures: {tmp_path / 'a.csv'}",
        f"picture: {curves}",
        f"picture: {scenes}",
    ):
        assert words in done.out.replace("\n", " ")
    assert curves.exists()
    opened = open_faces(load_model_file(model), rows=3)
    expected = draw_scene_sheet(opened, detectors=["haar"], sides=(60, 90), seed=2)
    np.testing.assert_array_equal(np.asarray(Image.open(scenes)), expected)


def test_nothing_is_written_unless_asked_and_missing_detectors_are_named(
    run: Runner, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_WEIGHTS", str(tmp_path))
    done = run("end-to-end", model, "--rows", 2)
    assert (done.code, done.err) == (0, "")
    assert "without yunet: detector 'yunet' needs" in done.out.replace("\n", " ")
    assert not {"figures:", "picture:"} & set(done.out.split())


def test_another_data_set_is_read_with_its_options(run: Runner, fer2013_csv: Path, tmp_path: Path) -> None:
    file = write_tiny_model(tmp_path / "tiny.onnx")
    assert len(read_dataset("fer2013", fer2013_csv).split("validation")) == 14
    named = ("--dataset", "fer2013", "--path", fer2013_csv)
    done = run("end-to-end", file, *named, "--detector", "haar", "--rows", 2)
    assert (done.code, done.err) == (0, "")
    assert "Nobody knows what tiny had been trained on" in done.out.replace("\n", " ")
    refused = run("end-to-end", file, *named, "--option", "colour=blue")
    assert refused.code == 2
    assert "colour" in refused.err


def test_end_to_end_refuses_in_one_line(run: Runner, model: Path, tmp_path: Path) -> None:
    for arguments, message in (
        (("--detector", "harr"), "unknown face detector 'harr'"),
        (("--split", "test", "--results", tmp_path), "tiny: no record of these weights on fer2013 under"),
        (("--split", "training"), "training of fer2013"),
        (("--rows", 0), "rows is 0; expected at least 1 face"),
        (("--side", 900), "sides of faces are 900; expected at least one"),
    ):
        done = run("end-to-end", model, *arguments)
        assert (done.code, done.err.count("\n")) == (2, 1)
        assert done.err.startswith(f"error: {message}")


def test_an_option_without_a_data_set_is_refused(run: Runner, model: Path) -> None:
    done = run("end-to-end", model, "--option", "labels=arg_max")
    assert done.code == 2
    assert "--option belongs to --dataset" in done.err
