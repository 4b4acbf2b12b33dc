import errno
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import make_patterns
from tests.unit.app.cli.conftest import Ran


def test_train_then_resume(run: Callable[..., Ran], tiny_recipe_file: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    done = run("train", tiny_recipe_file, "training.epochs=3", "--runs", runs)
    assert done.code == 0
    assert f"{runs / 'tiny-1'}: best epoch" in done.out
    assert "epoch   3/3" in done.err
    assert (runs / "tiny-1" / "weights" / "best.safetensors").exists()
    again = run("train", "--resume", runs / "tiny-1")
    assert again.code == 0
    assert again.out == done.out


def test_faults_of_a_recipe_come_in_one_line(run: Callable[..., Ran], tmp_path: Path) -> None:
    recipe = tmp_path / "bad.toml"
    recipe.write_text('name = "bad"\n[model]\nname = "vggse"\n[training]\nepocs = 3\nbatch_size = "x"\n')
    done = run("train", recipe)
    assert done.code == 2
    assert done.err.count("\n") == 1
    for part in ("bad.toml: 3 faults", "did you mean 'epochs'", "training.batch_size", "did you mean 'vgg_se'"):
        assert part in done.err


def test_recipe_or_run_must_be_named(run: Callable[..., Ran]) -> None:
    done = run("train")
    assert done.code == 2
    assert "name a recipe, --resume RUN, or both" in done.err


def test_folds_are_trained_and_judged_together(run: Callable[..., Ran], tiny_recipe_file: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    done = run("train", tiny_recipe_file, "training.epochs=1", "--folds", 2, "--runs", runs)
    assert done.code == 0
    assert sorted(each.name for each in runs.iterdir()) == ["tiny-fold1-1", "tiny-fold2-1"]
    for part in (f"fold 1 of 2: {runs / 'tiny-fold1-1'}, accuracy", "tiny on all held-out folds of fer2013"):
        assert part in done.out
    for part in ("on 126 rows", "macro-F1", "confusion matrix", "mean of 2 folds", "standard deviation"):
        assert part in done.out
    again = run("train", tiny_recipe_file, "training.epochs=1", "--folds", 2, "--runs", runs)
    assert (again.code, again.out) == (0, done.out)
    assert "epoch" not in again.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--folds", 1], "data.fold.folds: Input should be greater than or equal to 2, found 1"),
        (["--folds", 2, "--by-subject"], "the subject of 126 of 126 rows is unknown"),
        (["--by-subject"], "--by-subject says how --folds are dealt"),
        (["--folds", 2, "--resume", "runs/tiny-1"], "leave out --resume"),
    ],
)
def test_folds_that_cannot_be_are_refused(
    run: Callable[..., Ran], tiny_recipe_file: Path, arguments: list[object], message: str
) -> None:
    done = run("train", tiny_recipe_file, *arguments)
    assert (done.code, done.out) == (2, "")
    assert message in " ".join(done.err.replace("│", " ").split())


def test_folds_that_weights_have_seen_are_refused_in_one_line_before_training(
    run: Callable[..., Ran], tiny_recipe_file: Path, tmp_path: Path
) -> None:
    done = run("train", tiny_recipe_file, "finetuning.weights=compact", "--folds", 2, "--runs", tmp_path / "runs")
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert "test of fer2013 was seen by 'tiny-fold1' (may have been trained on by compact)" in done.err
    assert not (tmp_path / "runs").exists()


def test_a_recipe_beside_the_run_must_be_its_own(
    run: Callable[..., Ran], tiny_recipe_file: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "runs" / "tiny-1"
    first = run("train", tiny_recipe_file, "--runs", folder.parent)
    assert (first.code, run("train", tiny_recipe_file, "--resume", folder).out) == (0, first.out)
    done = run("train", tiny_recipe_file, "training.epochs=5", "--resume", folder)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert f"{folder}: a run of another recipe: training.epochs is 5 and was 2; start a new run" in done.err


def test_a_full_disk_is_one_line(
    run: Callable[..., Ran], tiny_recipe_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes

    def refuse_checkpoints(path: Path, data: bytes) -> int:
        if ".resume." in path.name:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", refuse_checkpoints)
    folder = tmp_path / "runs" / "tiny-1"
    done = run("train", tiny_recipe_file, "--runs", folder.parent)
    assert (done.code, done.out) == (2, "")
    expected = f"error: {folder}/resume.ckpt: cannot be written: no space left on the device; free some space or "
    expected += f"write elsewhere; then go on with: mien train --resume {folder}"
    assert done.err.splitlines()[-1] == expected


def test_a_folder_that_is_no_run_is_refused(run: Callable[..., Ran], tmp_path: Path) -> None:
    done = run("train", "--resume", tmp_path)
    assert done.code == 2
    assert "no recipe.json in it; expected a run folder" in done.err


def test_an_estimator_is_fitted_by_the_same_command(
    run: Callable[..., Ran], estimator_recipe_file: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "runs" / "classical-1"
    done = run("train", estimator_recipe_file, "model.regularization=0.5", "--runs", folder.parent)
    assert (done.code, done.out) == (0, f"{folder}: validation accuracy 100.00%\n")
    assert "hog_lbp_svm, fitted in one go" in done.err
    again = run("train", "--resume", folder)
    assert (again.code, again.out) == (0, done.out)
    assert again.err.replace("\n", "") == f"{folder}: fitted already; there is nothing to go on with"


def test_settings_that_mean_nothing_to_an_estimator_are_refused(
    run: Callable[..., Ran], estimator_recipe_file: Path, tmp_path: Path
) -> None:
    done = run("train", estimator_recipe_file, "training.epochs=3", "optimizer.momentum=0.5")
    assert done.code == 2
    assert done.err.count("\n") == 1
    for part in ("2 faults", "training.epochs: means nothing", "optimizer: means nothing to 'hog_lbp_svm'"):
        assert part in done.err


def test_ctrl_c_while_fitting_says_how_to_go_on(
    run: Callable[..., Ran], estimator_recipe_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mien.training.fit_estimator._run_aside", stop)
    monkeypatch.setattr("mien.app.cli._close_standard_output", lambda: None)
    folder = tmp_path / "runs" / "classical-1"
    done = run("train", estimator_recipe_file, "--runs", folder.parent)
    assert (done.code, done.out) == (130, "")
    line = done.err.replace("\n", "")
    assert line.endswith(f"stopped before it was fitted; fit with: mien train --resume {folder}")


def test_data_is_learned_and_exported(tmp_path: Path, run: Callable[..., Ran]) -> None:
    faces, labels = make_patterns(60)
    for number, (face, label) in enumerate(zip(faces, labels, strict=True)):
        inside = tmp_path / "mine" / ("happy", "bored", "sad")[label]
        inside.mkdir(parents=True, exist_ok=True)
        Image.fromarray(face).save(inside / f"{number}.png")
    places = ["--runs", tmp_path / "runs", "--results", tmp_path / "results", "--output", tmp_path / "mine.onnx"]
    ran = run("train", "--data", tmp_path / "mine", "--from", "compact", *places, "training.epochs=1")
    assert ran.code == 0
    assert "mine-from-compact on test of mine" in ran.out
    assert f"use it with: mien analyze PICTURE --model {tmp_path / 'mine.onnx'}" in ran.out


def test_data_and_resume_do_not_go_together(tmp_path: Path, run: Callable[..., Ran]) -> None:
    ran = run("train", "--data", tmp_path, "--resume", tmp_path)
    assert ran.code == 2
    assert "--data begins a new run; leave out --resume" in ran.err


@pytest.mark.parametrize("option", [("--from", "compact"), ("--crop", "haar"), ("--output", "x.onnx")])
def test_what_data_alone_understands_is_refused_without_it(
    tiny_recipe_file: Path, run: Callable[..., Ran], option: tuple[str, str]
) -> None:
    ran = run("train", tiny_recipe_file, *option)
    assert ran.code == 2
    assert "say how --data is learned" in ran.err


def test_data_is_not_dealt_into_folds(tmp_path: Path, run: Callable[..., Ran]) -> None:
    ran = run("train", "--data", tmp_path, "--folds", 3)
    assert (ran.code, "--data cuts its own splits" in ran.err) == (2, True)
