"""What the section ``[finetuning]`` and joined validation do to a run."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from rich.console import Console
from safetensors.torch import load_file, save_file

from mien.errors import ProtocolError, RunFolderError, WeightsError
from mien.evaluation.judge import choose, judge
from mien.evaluation.records import recompute
from mien.evaluation.tables import headline_lines
from mien.models import Classifier
from mien.training import RunFolder, read_recipe, resume_training, train
from mien.training.run_folder import create_network
from tests.conftest import make_patterns

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


ONCE = "training.epochs=1"
OWN_SPLIT = ("data.split.validation=0.1", "data.split.test=0.2")


@pytest.fixture
def others(tmp_path: Path) -> list[str]:
    """Settings of other faces, of three classes of their own."""
    for number, (face, label) in enumerate(zip(*make_patterns(60), strict=True)):
        inside = tmp_path / "others" / f"class {label}"
        inside.mkdir(parents=True, exist_ok=True)
        Image.fromarray(face).save(inside / f"{number}.png")
    return [
        "data.dataset=class_folders",
        f"data.path={str(tmp_path / 'others')!r}",
        "data.options={own_classes=true}",
        "data.split.validation=0.2",
        "data.prepare=['to_grey', 'resize:size_hw=[48,48]']",
    ]


def test_a_run_knows_what_its_starting_weights_began_with_on_other_faces(
    tiny_run: RunFolder, tiny_recipe_file: Path, others: list[str], tmp_path: Path
) -> None:
    first = tune(tiny_recipe_file, tmp_path / "runs", f"finetuning.weights={str(tiny_run.folder)!r}", ONCE, *others)
    assert first.facts["splits_seen"] == {"training": "trained on", "validation": "chosen on"}
    second = tune(tiny_recipe_file, tmp_path / "runs", f"finetuning.weights={str(first.folder)!r}", ONCE, *OWN_SPLIT)
    listed = [(each["source"], each["data_set"]) for each in second.facts["forerunners"]]
    assert listed == [(str(first.folder), "others"), (str(tiny_run.folder), "fer2013")]
    with pytest.raises(
        ProtocolError, match=f"test of fer2013 was seen .*may have been trained on by {tiny_run.folder}"
    ):
        judge(second, results_folder=tmp_path / "results")


def test_fine_tuning_on_the_very_same_own_split_is_judged(tiny_recipe_file: Path, tmp_path: Path) -> None:
    first = tune(tiny_recipe_file, tmp_path / "runs", ONCE, *OWN_SPLIT)
    second = tune(tiny_recipe_file, tmp_path / "runs", f"finetuning.weights={str(first.folder)!r}", ONCE, *OWN_SPLIT)
    assert second.facts["splits_seen"]["validation"] == f"chosen on; chosen on by {first.folder}"
    assert judge(second, results_folder=tmp_path / "results").protocol == "own"


def test_weights_of_unknown_source_are_told_with_the_figures(
    tiny_run: RunFolder, tiny_recipe_file: Path, tmp_path: Path
) -> None:
    file = tmp_path / "bare.safetensors"
    file.write_bytes(tiny_run.weights_file().read_bytes())
    run = tune(tiny_recipe_file, tmp_path / "runs", f"finetuning.weights={str(file)!r}", ONCE)
    assert run.facts["starting_weights"]["data_set"] == "unknown"
    record = judge(run, results_folder=tmp_path / "results")
    line = f"Nobody knows whether the model had seen these rows: it began with {file}, whose source is unknown."
    assert line in headline_lines(record.figures)
    assert recompute(record).unknown_sources == (str(file),)


def test_mean_and_deviation_are_taken_over_on_the_same_scale_alone(
    tiny_run: RunFolder, tiny_recipe_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = f"finetuning.weights={str(tiny_run.folder)!r}"
    console = Console(stderr=True)
    scaled = tune(tiny_recipe_file, tmp_path / "runs", start, ONCE, "data.prepare=['scale']", console=console)
    assert "; mean and deviation are those of the new faces" in capsys.readouterr().err
    assert scaled.mean == pytest.approx(tiny_run.mean / 255, abs=1e-5)
    again = f"finetuning.weights={str(scaled.folder)!r}"
    brighter = ("data.prepare=['gamma:exponent=0.8', 'scale']", again)
    assert tune(tiny_recipe_file, tmp_path / "runs", ONCE, *brighter, console=console).mean == scaled.mean
    assert "mean and deviation" not in capsys.readouterr().err


def test_a_network_with_a_head_begins_with_one_without_and_says_so(
    tiny_run: RunFolder, tiny_recipe_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = [f"finetuning.weights={str(tiny_run.folder)!r}", "head.hidden=[8]", "optimizer.learning_rate=1e-12"]
    run = tune(tiny_recipe_file, tmp_path / "runs", *settings, ONCE, console=Console(stderr=True))
    assert "the head of another form begins afresh (neck.1.weight, " in capsys.readouterr().err
    old, new = load_file(tiny_run.weights_file()), load_file(run.weights_file("last"))
    assert torch.allclose(old["stages.0.0.weight"], new["body.stages.0.0.weight"], atol=1e-8)


def test_a_new_head_may_be_of_another_width(tiny_run: RunFolder, tiny_recipe_file: Path, tmp_path: Path) -> None:
    state = load_file(tiny_run.weights_file())
    save_file(state | {"classifier.weight": torch.zeros(7, 5)}, tmp_path / "narrow.safetensors")
    settings = [f"finetuning.weights={str(tmp_path / 'narrow.safetensors')!r}", "finetuning.head=new", ONCE]
    assert tune(tiny_recipe_file, tmp_path / "runs", *settings).weights_file().exists()


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
