import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from mien.errors import MissingExtraError
from mien.training import RunFolder, read_recipe, resume_training, train
from mien.training.trainer import WholeCheckpoints

QUIET = Console(quiet=True)
CHANGES = ("training.epochs=3", "training.tensorboard=true")


def assert_logged(run: RunFolder) -> None:
    """TensorBoard shows each number of the curves once."""
    events = EventAccumulator(str(run.folder / "tensorboard")).Reload()
    rows = run.read_curves()
    assert set(events.Tags()["scalars"]) == rows[0].keys() - {"epoch"}
    for name in events.Tags()["scalars"]:
        assert [event.step for event in events.Scalars(name)] == [0, 1, 2]
        assert [event.value for event in events.Scalars(name)] == pytest.approx([row[name] for row in rows], rel=1e-4)


def test_the_curves_are_logged_where_the_recipe_wants_it(tiny_recipe_file: Path, tmp_path: Path) -> None:
    assert_logged(train(read_recipe(tiny_recipe_file, CHANGES), runs_folder=tmp_path / "runs", console=QUIET))
    plain = train(read_recipe(tiny_recipe_file), runs_folder=tmp_path / "plain", console=QUIET)
    assert not (plain.folder / "tensorboard").exists()


def test_an_epoch_that_is_run_again_stands_once(
    tiny_recipe_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, times = WholeCheckpoints.save_checkpoint, []

    def stop(*arguments: Any, **options: Any) -> None:
        times.append(1)
        if len(times) == 2:
            raise ValueError("stopped between the log and the checkpoint")
        save(*arguments, **options)

    recipe = read_recipe(tiny_recipe_file, CHANGES)
    with monkeypatch.context() as patch:
        patch.setattr(WholeCheckpoints, "save_checkpoint", stop)
        with pytest.raises(ValueError, match="between"):
            train(recipe, runs_folder=tmp_path / "runs", console=QUIET)
    assert_logged(resume_training(tmp_path / "runs" / "tiny-1", console=QUIET))


def test_a_run_does_not_begin_without_the_package(
    tiny_recipe_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(MissingExtraError, match=r"needs the package 'tensorboard'; .* 'mien\[train\]'"):
        train(read_recipe(tiny_recipe_file, CHANGES), runs_folder=tmp_path / "runs", console=QUIET)
    assert not (tmp_path / "runs").exists()
