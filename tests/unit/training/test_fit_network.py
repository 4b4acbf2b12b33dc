import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from mien.errors import MienError
from mien.training import read_recipe, train
from mien.training.fit_network import fit_network
from mien.training.module import TrainingModule
from mien.training.trainer import build_trainer
from mien.training.training_data import read_training_data
from mien.training.training_rows import build_training_rows

FACTS = {"mean": 120.0, "std": 60.0, "in_channels": 1, "precision": "float32", "precision_reason": "so"}


def test_another_process_than_the_first_writes_and_says_nothing_and_ends(tiny_recipe_file: Path) -> None:
    recipe = read_recipe(tiny_recipe_file)
    face_set = read_training_data(recipe.data).face_set
    before, out = set(tiny_recipe_file.parent.rglob("*")), io.StringIO()
    trainer = build_trainer(recipe, precision="float32")
    with pytest.raises(SystemExit) as ended:
        fit_network(
            None,
            recipe,
            face_set,
            rows=build_training_rows(face_set, recipe),
            facts=FACTS,
            trainer=trainer,
            console=Console(file=out),
        )
    assert (ended.value.code, out.getvalue()) == (0, "")
    assert trainer.current_epoch == 2
    assert {path for path in set(tiny_recipe_file.parent.rglob("*")) - before if path.is_file()} == set()


@pytest.mark.parametrize("world_size", [1, 2])
def test_a_process_that_went_away_is_one_line(
    tiny_recipe_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, world_size: int
) -> None:
    """Gloo's and NCCL's own words, which mean nothing where there is one process."""

    def lose(*_: Any) -> None:
        monkeypatch.setattr("lightning.Trainer.world_size", world_size)
        raise RuntimeError("[pair.cc:561] Connection closed by peer [127.0.0.1]:26504")

    monkeypatch.setattr(TrainingModule, "training_step", lose)
    message = "Connection closed by peer"
    if world_size > 1:
        message = "another process of this run stopped.*; then go on with: mien train --resume .*tiny-1"
    with pytest.raises(MienError if world_size > 1 else RuntimeError, match=message):
        train(read_recipe(tiny_recipe_file), runs_folder=tmp_path / "runs", console=Console(quiet=True))
