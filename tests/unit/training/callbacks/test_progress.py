import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from mien.training import read_recipe, train
from mien.training.callbacks import KeepCurvesAndWeights, ShowProgress, progress
from mien.training.module import TrainingModule
from tests.unit.training.test_module import make_module


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


def test_a_fault_takes_the_bar_away(tiny_recipe_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError("some fault")

    monkeypatch.setattr(TrainingModule, "training_step", fail)
    out = io.StringIO()
    console = Console(file=out, width=160, force_terminal=True, color_system=None)
    with pytest.raises(ValueError, match="some fault"):
        train(read_recipe(tiny_recipe_file), runs_folder=tmp_path / "runs", console=console)
    hide_cursor, show_cursor = "\x1b[?25l", "\x1b[?25h"
    assert out.getvalue().rindex(show_cursor) > out.getvalue().rindex(hide_cursor)


def test_the_bar_moves_no_more_often_than_it_is_drawn_and_with_the_last_step(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(progress.time, "perf_counter", lambda: now)
    module = make_module()
    trainer: Any = SimpleNamespace(
        estimated_stepping_batches=6, num_training_batches=6, global_step=0, current_epoch=0, max_epochs=1
    )
    show = ShowProgress(Console(quiet=True), KeepCurvesAndWeights(None))
    show.on_train_start(trainer, module)
    moves = []
    for step in range(6):
        now, trainer.global_step = now + 0.04, step + 1
        show.on_train_batch_end(trainer, module, None, None, step)
        moves.append(int(show.progress.tasks[0].completed))
    assert moves == [0, 0, 3, 3, 3, 6]
