import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from mien.errors import MissingExtraError
from mien.training import RunFolder, read_recipe, train
from mien.training.learning_curves import draw_learning_curves
from mien.training.run_folder import CURVE_COLUMNS


def make_run(folder: Path, *, num_epochs: int, accuracy: float = 0.5) -> RunFolder:
    folder.mkdir()
    run = RunFolder(folder)
    run.write_curves([dict.fromkeys(CURVE_COLUMNS, accuracy) | {"epoch": epoch} for epoch in range(num_epochs)])
    return run


def read_picture(file: Path) -> np.ndarray:
    return np.asarray(Image.open(file).convert("RGB"))


def has_colour(picture: np.ndarray, colour: str) -> bool:
    rgb = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    return bool((picture == rgb).all(axis=2).any())


def test_each_run_has_a_colour_of_its_own(tmp_path: Path) -> None:
    first, second = (make_run(tmp_path / f"run-{number}", num_epochs=5, accuracy=0.2 * number) for number in (1, 2))
    one = read_picture(draw_learning_curves([first], tmp_path / "one.png"))
    both = read_picture(draw_learning_curves([first, second], tmp_path / "both.png"))
    assert one.shape == both.shape == (900, 900, 3)
    assert (has_colour(one, "#2b6cb0"), has_colour(one, "#dd6b20")) == (True, False)
    assert (has_colour(both, "#2b6cb0"), has_colour(both, "#dd6b20")) == (True, True)


@pytest.mark.parametrize("num_epochs", [0, 1])
def test_short_runs_are_drawn_too(tmp_path: Path, num_epochs: int) -> None:
    run = make_run(tmp_path / "run-1", num_epochs=num_epochs)
    assert has_colour(read_picture(draw_learning_curves([run], tmp_path / "short.png")), "#2b6cb0") is bool(num_epochs)


def test_a_run_ends_with_its_picture(tiny_run: RunFolder) -> None:
    assert has_colour(read_picture(tiny_run.folder / "curves.png"), "#2b6cb0")


def test_without_matplotlib_a_run_says_in_one_line_that_there_is_no_picture(
    tiny_recipe_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    out = io.StringIO()
    run = train(read_recipe(tiny_recipe_file), runs_folder=tmp_path / "runs", console=Console(file=out, width=200))
    assert out.getvalue().splitlines()[-1].startswith("no curves.png: this needs the package 'matplotlib'")
    assert not (run.folder / "curves.png").exists()
    with pytest.raises(MissingExtraError, match=r"pip install 'mien\[train\]'"):
        draw_learning_curves([run], tmp_path / "curves.png")
