"""Runs killed with SIGKILL at chosen moments, and resumed: their weights are those of a run that was never stopped."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

from mien.errors import RunFolderError
from mien.training import RunFolder, read_recipe, resume_training, train
from tests.conftest import make_rows, write_csv, write_tiny_recipe

CHANGES = ("training.epochs=3", "training.average_from=0.5")

MOMENTS = [
    ("exponential", "at the start"),
    ("exponential", "in the first epoch"),
    ("exponential", "in the middle of an epoch"),
    ("exponential", "while the best weights are written"),
    ("exponential", "while the last weights are written"),
    ("exponential", "while the curves are written"),
    ("exponential", "while the checkpoint is written"),
    ("exponential", "before the checkpoint takes its place"),
    ("exponential", "after the checkpoint took its place"),
    ("stochastic", "in the middle of an epoch"),
    ("stochastic", "while the checkpoint is written"),
]

DRIVER = """
import os, signal, sys
from pathlib import Path
from rich.console import Console
from mien.training import read_recipe, train
from mien.training.module import TrainingModule

recipe_file, folder, *changes = sys.argv[1:]
write, replace, rename, step = Path.write_bytes, Path.replace, Path.rename, TrainingModule.training_step
times = {}

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def is_time(name, number=2):
    times[name] = times.get(name, 0) + 1
    return times[name] == number

def die_in_step(epoch, batch):
    def stop(module, images_and_labels, index):
        if (module.current_epoch, index) == (epoch, batch):
            die()
        return step(module, images_and_labels, index)
    TrainingModule.training_step = stop

def die_half_way(part, number=2):
    def stop(path, data):
        if part in path.name and is_time(part, number):
            with path.open("wb") as stream:
                stream.write(bytes(data)[: len(data) // 2])
                stream.flush()
                die()
        return write(path, data)
    Path.write_bytes = stop

def die_around(name, *, is_done):
    def stop(path, target):
        is_it = Path(target).name == name and is_time(name)
        if is_it and not is_done:
            die()
        done = replace(path, target)
        if is_it:
            die()
        return done
    Path.replace = stop

def die_before_rename():
    Path.rename = lambda path, target: die() if path.name.startswith(".tiny.") else rename(path, target)

MOMENTS = {
    "before the folder takes its name": die_before_rename,
    "at the start": lambda: die_in_step(0, 0),
    "in the first epoch": lambda: die_in_step(0, 3),
    "in the middle of an epoch": lambda: die_in_step(2, 4),
    # No second epoch need be better than the first.
    "while the best weights are written": lambda: die_half_way(".best.", number=1),
    "while the last weights are written": lambda: die_half_way(".last."),
    "while the curves are written": lambda: die_half_way(".curves."),
    "while the checkpoint is written": lambda: die_half_way(".resume."),
    "before the checkpoint takes its place": lambda: die_around("resume.ckpt", is_done=False),
    "after the checkpoint took its place": lambda: die_around("resume.ckpt", is_done=True),
}
SOME = ("in the middle of an epoch", "while the checkpoint is written")
for average, moments in (("exponential", MOMENTS), ("stochastic", SOME)):
    recipe = read_recipe(Path(recipe_file), [*changes, f"training.average={average}"])
    for moment in moments:
        process = os.fork()
        if not process:
            MOMENTS[moment]()
            train(recipe, runs_folder=Path(folder, average, moment), console=Console(quiet=True))
            os._exit(1)
        assert os.WTERMSIG(os.waitpid(process, 0)[1]) == signal.SIGKILL, (average, moment)
"""


@pytest.fixture(scope="module")
def recipe_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("killed")
    return write_tiny_recipe(folder / "tiny.toml", write_csv(folder / "fer2013.csv", *make_rows(140)))


@pytest.fixture(scope="module")
def killed(recipe_file: Path) -> Path:
    """Runs of both averages, each killed at its moment: ``<average>/<moment>/tiny-1``."""
    folder = recipe_file.parent / "runs"
    environment = os.environ | {"MIEN_CACHE": str(recipe_file.parent / "cache")}
    command = [sys.executable, "-c", DRIVER, str(recipe_file), str(folder), *CHANGES]
    subprocess.run(command, check=True, env=environment, timeout=300)
    return folder


@pytest.fixture(scope="module")
def whole(recipe_file: Path) -> dict[str, RunFolder]:
    """A run of each average that was never stopped."""
    return {
        average: train(
            read_recipe(recipe_file, [*CHANGES, f"training.average={average}"]),
            runs_folder=recipe_file.parent / "whole" / average,
            console=Console(quiet=True),
        )
        for average in ("exponential", "stochastic")
    }


def assert_same(run: RunFolder, whole: RunFolder) -> None:
    """Weights to the bit, curves but for the speed, and nothing half-written."""
    for which in ("best", "last"):
        assert run.weights_file(which).read_bytes() == whole.weights_file(which).read_bytes()
    curves = [[list(row.items())[:-1] for row in each.read_curves()] for each in (run, whole)]
    assert curves[0] == curves[1]
    names = [sorted(path.name for path in each.folder.rglob("*")) for each in (run, whole)]
    assert names[0] == names[1]


@pytest.mark.parametrize(("average", "moment"), MOMENTS)
def test_a_killed_run_goes_on_as_if_it_had_never_stopped(
    killed: Path, whole: dict[str, RunFolder], average: str, moment: str
) -> None:
    run = resume_training(killed / average / moment / "tiny-1", console=Console(quiet=True))
    assert_same(run, whole[average])


def test_a_run_killed_before_it_began_leaves_no_run_folder(killed: Path) -> None:
    folder = killed / "exponential" / "before the folder takes its name"
    assert [path.name for path in folder.iterdir() if not path.name.startswith(".")] == []
    with pytest.raises(RunFolderError, match="does not exist"):
        resume_training(folder / "tiny-1")


PROGRAM = """
import sys
from pathlib import Path
from rich.console import Console
from mien.training import read_recipe, resume_training, train
recipe, folder, *changes = sys.argv[1:]
if Path(folder).exists():
    resume_training(Path(folder), console=Console(quiet=True))
else:
    train(read_recipe(Path(recipe), changes), runs_folder=Path(folder).parent, console=Console(quiet=True))
"""


@pytest.mark.slow
def test_a_run_killed_again_and_again_at_random_arrives_all_the_same(
    recipe_file: Path, whole: dict[str, RunFolder], tmp_path: Path
) -> None:
    run, dice = RunFolder(tmp_path / "tiny-1"), random.Random(0)
    changes = (*CHANGES, "training.average=exponential")
    for _ in range(8):
        process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(recipe_file), str(run.folder), *changes])
        deadline = time.monotonic() + 120
        while not run.folder.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(4 * dice.random())
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert_same(resume_training(run.folder, console=Console(quiet=True)), whole["exponential"])
