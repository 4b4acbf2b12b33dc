from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mien
from mien.app.cli import explain as explain_module
from mien.evaluation.ensemble import build_ensemble
from mien.evaluation.explanation import METHODS
from mien.evaluation.judge import judge
from mien.training import RunFolder
from tests.unit.app.cli.conftest import Ran

Runner = Callable[..., Ran]
PICTURES = Path(__file__).resolve().parents[4] / "examples" / "pictures"


def test_a_picture_is_explained_and_drawn(run: Runner, tiny_model: Path, tmp_path: Path) -> None:
    file = tmp_path / "drawn.png"
    done = run("explain", PICTURES / "astronaut.png", "--model", tiny_model, "--save", file)
    explanation = mien.explain(PICTURES / "astronaut.png", model=tiny_model)
    (face,) = explanation.faces
    assert (done.code, done.err) == (0, "")
    for words in (face.expression, f"{face.probability:.1%}", "{}, {}".format(*face.peak_xy), f"picture: {file}"):
        assert words in done.out
    np.testing.assert_array_equal(np.asarray(Image.open(file)), explanation.draw())


def test_a_picture_is_saved_into_a_folder_under_its_own_name(run: Runner, tiny_model: Path, tmp_path: Path) -> None:
    arguments = ("--model", tiny_model, "--detector", "none", "--expression", "sad")
    done = run("explain", PICTURES / "astronaut.png", *arguments, "--save", tmp_path / "out")
    assert done.code == 0
    assert "sad" in done.out
    assert (tmp_path / "out" / "astronaut.png").exists()


def test_a_picture_is_not_drawn_over_itself(run: Runner, tiny_model: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    Image.new("L", (60, 60)).save(file)
    before = file.read_bytes()
    for save in (file, tmp_path):
        done = run("explain", file, "--model", tiny_model, "--detector", "none", "--save", save)
        assert (done.code, file.read_bytes()) == (2, before)
        assert done.err == f"error: --save {save}: this is the picture itself; name another file or folder\n"


def test_pictures_without_a_face_and_unreadable_ones_say_so(run: Runner, tiny_model: Path, tmp_path: Path) -> None:
    blank = tmp_path / "blank.png"
    Image.new("L", (100, 100)).save(blank)
    done = run("explain", blank, "--model", tiny_model)
    assert (done.code, done.out) == (0, f"{blank}: no face found\n")
    gone = run("explain", tmp_path / "gone.png", "--model", tiny_model)
    assert gone.code == 2
    assert gone.err.startswith(f"error: {tmp_path / 'gone.png'}: no such file")


def test_a_run_gives_sheets_of_its_classes(run: Runner, tiny_run: RunFolder, tmp_path: Path) -> None:
    arguments = ("--class", "happy", "--class", "sad", "--rows", 1, "--method", "zeroing", "side=24")
    done = run("explain", tiny_run.folder, *arguments)
    folder = tiny_run.folder / "explanation"
    assert done.code == 0, done.err
    assert sorted(file.name for file in folder.iterdir()) == [
        "validation-zeroing-happy.png",
        "validation-zeroing-sad.png",
    ]
    assert f"picture: {folder / 'validation-zeroing-sad.png'}" in done.out
    elsewhere = run("explain", tiny_run.folder, *arguments, "--split", "training", "--save", tmp_path / "out")
    assert elsewhere.code == 0
    assert (tmp_path / "out" / "training-zeroing-sad.png").exists()


def test_test_pictures_are_shown_once_the_record_exists(run: Runner, tiny_run: RunFolder, tmp_path: Path) -> None:
    results, out = tmp_path / "results", tmp_path / "out"
    arguments = ("--split", "test", "--results", results, "--rows", 1, "--class", "sad", "--save", out)
    refused = run("explain", tiny_run.folder, *arguments)
    assert (refused.code, refused.err.count("\n"), out.exists()) == (2, 1, False)
    assert "so no test face is shown; take validation, or judge it first with: mien evaluate" in refused.err
    judge(tiny_run, results_folder=results)
    assert run("explain", tiny_run.folder, *arguments).code == 0
    assert (out / "test-grad_cam-sad.png").exists()


def test_layers_and_pictures_of_classes_are_drawn(run: Runner, tiny_run: RunFolder, tmp_path: Path) -> None:
    assert run("explain", tiny_run.folder, "--layers", "--save", tmp_path / "layers").code == 0
    names = [file.name for file in (tmp_path / "layers").iterdir()]
    assert names
    assert all(name.startswith("validation-layers-") for name in names)
    done = run("explain", tiny_run.folder, "--maximise", "--class", "sad", "--save", tmp_path / "out")
    assert done.out == f"picture: {tmp_path / 'out' / 'maximised.png'}\n"


def test_methods_are_judged_in_a_table(run: Runner, estimator_run: RunFolder) -> None:
    done = run("explain", estimator_run.folder, "--judge", "--rows", 2)
    assert done.code == 0, done.err
    lines = [line.split() for line in done.out.splitlines() if line.strip()]
    assert [line[0] for line in lines[2:]] == ["occlusion", "zeroing", "(random"]
    assert all(0 <= float(line[-3]) <= 1 and line[-1] == "-" for line in lines[2:])


def test_methods_are_listed_from_the_registry(run: Runner) -> None:
    done = run("explain", "--list")
    assert done.code == 0
    for entry in METHODS:
        assert entry.name in done.out
        assert entry.card.source in " ".join(done.out.split())
    assert max(map(len, done.out.splitlines())) <= 120


def test_the_light_install_lists_what_it_has(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explain_module, "find_spec", lambda name: None)
    done = run("explain", "--list")
    assert done.out == "occlusion, of pictures; runs are explained with the laboratory: pip install 'mien[train]'\n"


@pytest.mark.parametrize(
    ("is_run", "arguments", "message"),
    [
        (True, ["--model", "compact"], "--model: not for a run, which takes"),
        (True, ["--layers", "--method", "gradient"], "--method: not for --layers, which takes"),
        (True, ["--layers", "--judge"], "--layers and --judge: one of them at a time, for a run folder"),
        (False, ["--layers"], "--layers: one of them at a time, for a run folder"),
        (False, ["--split", "test"], "--split: not for a picture, which takes"),
        (False, ["side=2"], "OPTION=VALUE: not for a picture, which takes"),
    ],
)
def test_options_that_mean_nothing_are_refused(
    run: Runner, tmp_path: Path, is_run: bool, arguments: list[str], message: str
) -> None:
    done = run("explain", tmp_path if is_run else PICTURES / "astronaut.png", *arguments)
    assert done.code == 2
    assert message in " ".join(done.err.replace("│", " ").split())


def test_a_target_is_needed(run: Runner) -> None:
    done = run("explain")
    assert done.code == 2
    assert "name a picture or a run folder, or --list" in done.err


def test_a_folder_that_is_no_run_is_refused(run: Runner, tmp_path: Path) -> None:
    done = run("explain", tmp_path)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "no recipe.json in it; expected a run folder that `mien train` made" in done.err


def test_an_ensemble_is_explained_and_says_by_which_methods(
    run: Runner, members: list[RunFolder], tmp_path: Path
) -> None:
    folder = build_ensemble(members[:2], method="equal", ensembles_folder=tmp_path).ensemble.folder
    done = run("explain", folder, "--class", "sad", "--rows", 1, "--method", "gradient")
    assert (done.code, done.err) == (0, "")
    assert (folder / "explanation" / "validation-gradient-sad.png").exists()
    refused = run("explain", folder, "--class", "sad", "--rows", 1)
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert refused.err.startswith("error: grad_cam needs a network; an ensemble is explained by: gradient, ")
