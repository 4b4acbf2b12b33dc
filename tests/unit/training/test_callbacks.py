import errno
import io
from pathlib import Path

import pytest
from lightning import Trainer
from rich.console import Console

from mien.errors import MienError
from mien.training import read_recipe, resume_training, train
from mien.training.callbacks import KeepCurvesAndWeights


def test_without_a_terminal_each_epoch_is_one_line(tiny_recipe_file: Path, tmp_path: Path) -> None:
    out = io.StringIO()
    console = Console(file=out, width=200)
    train(read_recipe(tiny_recipe_file), runs_folder=tmp_path / "runs", console=console)
    lines = out.getvalue().splitlines()
    assert len(lines) == 3
    assert "tiny-1: vgg_se" in lines[0]
    assert "112 faces train, 14 choose, float32 (as the recipe says)" in lines[0]
    for number, line in enumerate(lines[1:], start=1):
        assert line.startswith(f"epoch   {number}/2  loss ")
        assert "pictures/s" in line
        assert line.endswith("min left")


def test_in_a_terminal_a_bar_shows_epoch_loss_and_remaining_time(tiny_recipe_file: Path, tmp_path: Path) -> None:
    out = io.StringIO()
    console = Console(file=out, width=160, force_terminal=True, color_system=None)
    train(read_recipe(tiny_recipe_file), runs_folder=tmp_path / "runs", console=console)
    text = out.getvalue()
    assert "epoch 2/2" in text
    assert "left" in text
    assert "loss" in text


def test_what_a_resumed_run_needs_is_kept() -> None:
    first, second = (KeepCurvesAndWeights(run=None) for _ in range(2))  # type: ignore[arg-type]
    first.rows, first.best_accuracy, first.best_epoch = [{"epoch": 0.0}], 0.5, 0
    second.load_state_dict(first.state_dict())
    assert (second.rows, second.best_accuracy, second.best_epoch) == ([{"epoch": 0.0}], 0.5, 0)


def test_a_full_disk_stops_the_run_in_one_line_and_keeps_the_last_epoch(
    tiny_recipe_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, calls = Trainer.save_checkpoint, []

    def fill_up(self: Trainer, *arguments: object, **options: object) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        save(self, *arguments, **options)

    monkeypatch.setattr(Trainer, "save_checkpoint", fill_up)
    with pytest.raises(MienError, match=r"resume\.ckpt: .*no space left on the device"):
        train(read_recipe(tiny_recipe_file), runs_folder=tmp_path / "runs", console=Console(quiet=True))
    folder = tmp_path / "runs" / "tiny-1"
    assert sorted(file.name for file in folder.iterdir()) == [
        "curves.csv", "recipe.json", "resume.ckpt", "run.json", "weights",
    ]  # fmt: skip
    resumed = resume_training(folder, console=Console(quiet=True))
    assert [row["epoch"] for row in resumed.read_curves()] == [0, 1]
