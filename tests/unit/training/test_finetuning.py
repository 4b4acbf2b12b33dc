"""What the section ``[finetuning]`` and joined validation do to a run."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rich.console import Console
from safetensors.torch import load_file

from mien.errors import ProtocolError, RunFolderError, WeightsError
from mien.evaluation.judge import choose, judge
from mien.models import Classifier
from mien.training import RunFolder, read_recipe, resume_training, train
from mien.training.run_folder import create_network

QUIET = Console(quiet=True)


def tune(recipe_file: Path, runs: Path, *changes: str, console: Console = QUIET) -> RunFolder:
    return train(read_recipe(recipe_file, ["name=tuned", *changes]), runs_folder=runs, console=console)


def changed(run: RunFolder, before: RunFolder) -> set[str]:
    """Return the parts of the network whose last weights are not those the run began with."""
    old, new = load_file(before.weights_file()), load_file(run.weights_file("last"))
    return {name.split(".")[0] for name in old if not torch.equal(old[name], new[name])}


def test_a_run_begins_with_the_weights_of_another(tiny_run: RunFolder, tiny_recipe_file: Path, tmp_path: Path) -> None:
    weights = f"finetuning.weights={str(tiny_run.folder)!r}"
    run = tune(
        tiny_recipe_file, tmp_path / "runs", weights, "optimizer.learning_rate=1e-12", "training.average_decay=0.0"
    )
    old, new = load_file(tiny_run.weights_file()), load_file(run.weights_file("last"))
    weight = "stages.0.0.weight"
    assert torch.allclose(old[weight], new[weight], atol=1e-8)
    facts = run.facts
    assert facts["starting_weights"]["weights_fingerprint"] == tiny_run.weights_fingerprint()
    assert facts["splits_seen"]["training"] == f"trained on; trained on by {tiny_run.folder}"
    assert (facts["mean"], facts["std"]) == (tiny_run.mean, tiny_run.std)


def test_a_run_begins_with_a_shipped_model_and_says_so(
    fer2013_csv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "own.toml"
    file.write_text(
        f'name = "own"\n[data]\npath = {str(fer2013_csv)!r}\n'
        '[model]\nname = "vgg_se"\nwidth = 24\npooling = "average"\ndropout = 0.3\n'
        '[finetuning]\nweights = "compact"\n[training]\nepochs = 1\nbatch_size = 16\n'
    )
    run = train(read_recipe(file), runs_folder=tmp_path / "runs")
    assert "beginning with compact: " in capsys.readouterr().err
    assert run.facts["starting_weights"]["data_set"] == "fer2013"
    assert run.mean == pytest.approx(129.1, abs=3)


def test_frozen_epochs_train_the_head_alone_then_all_trains(
    tiny_run: RunFolder, tiny_recipe_file: Path, tmp_path: Path
) -> None:
    settings = [f"finetuning.weights={str(tiny_run.folder)!r}", "training.average_decay=0.0"]
    frozen = tune(tiny_recipe_file, tmp_path / "runs", *settings, "finetuning.freeze_epochs=2")
    assert changed(frozen, tiny_run) == {"neck", "classifier"}
    freed = tune(tiny_recipe_file, tmp_path / "runs", *settings, "finetuning.freeze_epochs=1")
    assert changed(freed, tiny_run) == {"stages", "neck", "classifier"}


def test_a_backbone_may_move_more_slowly(tiny_run: RunFolder, tiny_recipe_file: Path, tmp_path: Path) -> None:
    settings = [f"finetuning.weights={str(tiny_run.folder)!r}", "training.average_decay=0.0", "training.epochs=1"]
    old = load_file(tiny_run.weights_file())["stages.0.0.weight"]
    moved = []
    for rate in (1.0, 0.01):
        run = tune(tiny_recipe_file, tmp_path / "runs", *settings, f"finetuning.backbone_rate={rate}")
        moved.append(float((load_file(run.weights_file("last"))["stages.0.0.weight"] - old).abs().mean()))
    assert 0 < moved[1] < moved[0] / 10


def test_a_fine_tuned_run_resumes_bit_for_bit(tiny_run: RunFolder, tiny_recipe_file: Path, tmp_path: Path) -> None:
    settings = [f"finetuning.weights={str(tiny_run.folder)!r}", "finetuning.freeze_epochs=1"]
    whole = tune(tiny_recipe_file, tmp_path / "runs", *settings)
    again = tune(tiny_recipe_file, tmp_path / "runs", *settings)
    again.resume_file.unlink()  # as if it had been killed in its first epoch
    resume_training(again.folder, console=QUIET)
    assert again.weights_file("last").read_bytes() == whole.weights_file("last").read_bytes()


def test_a_run_does_not_begin_again_with_other_weights(
    tiny_run: RunFolder, tiny_recipe_file: Path, tmp_path: Path
) -> None:
    run = tune(tiny_recipe_file, tmp_path / "runs", f"finetuning.weights={str(tiny_run.folder)!r}")
    run.resume_file.unlink()
    state = {name: tensor + 1 for name, tensor in load_file(tiny_run.weights_file()).items()}
    tiny_run.save_weights(state, which="best", facts={})
    with pytest.raises(RunFolderError, match="does not hold the weights this run began with; start a new run instead"):
        resume_training(run.folder, console=QUIET)


def test_weights_that_do_not_fit_are_named(tiny_run: RunFolder, tiny_recipe_file: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="does not fit the network: stages"):
        tune(tiny_recipe_file, tmp_path / "runs", f"finetuning.weights={str(tiny_run.folder)!r}", "model.width=8")
    assert [run.name for run in (tmp_path / "runs").iterdir()] == [tiny_run.name]


def test_joined_validation_trains_chooses_nothing_and_is_judged_uncalibrated(
    tiny_recipe_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tune(tiny_recipe_file, tmp_path / "runs", "training.join_validation=true", console=Console(stderr=True))
    assert "14 train, too, and nothing chooses" in capsys.readouterr().err
    assert run.facts["splits_seen"] == {"training": "trained on", "validation": "trained on"}
    assert np.array_equal(run.weights_file("best").read_bytes(), run.weights_file("last").read_bytes())
    with pytest.raises(ProtocolError, match="validation of fer2013 was trained on by 'tuned'; it cannot choose by it"):
        choose(run)
    record = judge(run, results_folder=tmp_path / "results")
    assert (record.content["temperature"], record.content["choice"]) == (1.0, None)


def test_joined_validation_trains_on_its_rows(tiny_recipe_file: Path, tmp_path: Path) -> None:
    settings = ["training.average_decay=0.0", "training.batch_size=112", "training.epochs=1"]
    joined = tune(tiny_recipe_file, tmp_path / "runs", *settings, "training.join_validation=true")
    alone = tune(tiny_recipe_file, tmp_path / "runs", *settings)
    assert joined.weights_file("last").read_bytes() != alone.weights_file("last").read_bytes()


def test_joined_rows_count_for_batch_and_schedule(tiny_recipe_file: Path, tmp_path: Path) -> None:
    settings = ["training.join_validation=true", "training.batch_size=120", "training.epochs=2"]
    run = tune(tiny_recipe_file, tmp_path / "runs", *settings)  # 112 rows of training alone
    assert run.facts["targets"]["num_by_label"] == 126
    run.resume_file.unlink()
    (run.folder / "curves.csv").unlink()
    resume_training(run.folder, console=QUIET)
    assert run.is_finished


def test_published_weights_are_read_only_where_no_others_follow(
    tiny_run: RunFolder, tiny_recipe_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    are_read = []

    def build(*arguments: Any, is_pretrained: bool = True) -> Classifier:
        are_read.append(is_pretrained)
        return create_network(*arguments, is_pretrained=is_pretrained)

    monkeypatch.setattr("mien.training.fit_network.create_network", build)
    tune(tiny_recipe_file, tmp_path / "runs")
    tune(tiny_recipe_file, tmp_path / "runs", f"finetuning.weights={str(tiny_run.folder)!r}")
    resume_training(tiny_run.folder, console=QUIET)
    assert are_read == [True, False, False]
