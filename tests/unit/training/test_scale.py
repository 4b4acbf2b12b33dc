"""Two processes (gloo) take the steps of one, write one run folder, and see and judge each row once."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from mien.training import RunFolder
from tests.conftest import make_rows, write_csv

DRIVER = """
import hashlib, sys
from pathlib import Path
from torch import nn
from mien.models.registry import ModelCard, register_model
from mien.models.stacked import StackedClassifier
from mien.training import read_recipe, train
from mien.training.module import TrainingModule

@register_model("group_norm_net", card=ModelCard(source="a test", input_size=(1, 48, 48), parameters=None))
class GroupNormNet(StackedClassifier):
    def __init__(self, num_classes=7, in_channels=1):
        super().__init__()
        self.num_classes, self.in_channels = num_classes, in_channels
        self.features = nn.Sequential(
            nn.Conv2d(in_channels, 8, 5, stride=4), nn.GroupNorm(2, 8), nn.ReLU(), nn.Conv2d(8, 16, 3, stride=2)
        )
        self.neck = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.classifier = nn.Linear(16, num_classes)

def note(method):
    def noting(module, batch, index):
        with (notes / f"{method.__name__}-{module.global_rank}.txt").open("a") as file:
            for image in batch[0]:
                print(module.current_epoch, hashlib.sha256(image.numpy().tobytes()).hexdigest(), file=file)
        return method(module, batch, index)
    return noting

recipe, runs, *changes = sys.argv[1:]
notes = Path(runs + "-notes")
notes.mkdir(exist_ok=True)
TrainingModule.training_step = note(TrainingModule.training_step)
TrainingModule.validation_step = note(TrainingModule.validation_step)
run = train(read_recipe(Path(recipe), changes), runs_folder=Path(runs))
print("after training:", run.folder)
"""

RECIPE = """
name = "scale"
[data]
path = "{csv}"
[model]
name = "{model}"
[augmentation]
flip = 0.0
rotation_degrees = 0.0
scale = 0.0
shift = 0.0
erase = 0.0
[optimizer]
learning_rate = 0.02
[training]
epochs = 2
batch_size = 16
average_decay = 0.9
precision = "float32"
[trainer]
accelerator = "cpu"
"""

NUM_TRAINING, NUM_VALIDATION = 160, 19


def run_driver(
    folder: Path, name: str, *changes: str, launcher: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    driver, recipe, csv = folder / "driver.py", folder / "scale.toml", folder / "fer2013.csv"
    if not csv.exists():
        faces, labels, usages = make_rows(200)
        rows = [row for row in range(200) if row != usages.index("PublicTest")]
        write_csv(csv, faces[rows], labels[rows], [usages[row] for row in rows])
        driver.write_text(DRIVER)
        recipe.write_text(RECIPE.format(csv=csv, model="group_norm_net"))
    environment = os.environ | {"MIEN_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, *launcher, str(driver), str(recipe), str(folder / name), *changes]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300, check=False)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The folder of a run on one process and one on two, and what each printed."""
    folder = tmp_path_factory.mktemp("scale")
    printed = {}
    for name, changes in (("one", ()), ("two", ("trainer.devices=2", 'trainer.strategy="ddp"'))):
        done = run_driver(folder, name, *changes)
        assert done.returncode == 0, done.stderr[-3000:]
        printed[name] = done.stdout + done.stderr
    return folder, printed


Both = tuple[Path, dict[str, str]]


def runs_of(both: Both) -> tuple[RunFolder, RunFolder]:
    return RunFolder(both[0] / "one" / "scale-1"), RunFolder(both[0] / "two" / "scale-1")


def test_twenty_steps_of_two_processes_are_those_of_one(both: Both) -> None:
    one, two = runs_of(both)
    assert (one.facts["world_size"], two.facts["world_size"]) == (1, 2)
    alone, together = (torch.load(run.resume_file, weights_only=False) for run in (one, two))
    assert alone["global_step"] == together["global_step"] == 20
    pairs = [(alone["current_model_state"], together["current_model_state"])]
    pairs += [(load_file(one.weights_file(which)), load_file(two.weights_file(which))) for which in ("best", "last")]
    for expected, found in pairs:
        assert expected.keys() == found.keys()
        for name, value in expected.items():
            torch.testing.assert_close(found[name], value, rtol=0, atol=1e-5)


def rows_of(both: Both, name: str, step: str) -> dict[int, list[list[str]]]:
    """The rows that each process saw, by epoch."""
    files = sorted((both[0] / f"{name}-notes").glob(f"{step}-*.txt"))
    lines = [[line.split() for line in file.read_text().splitlines()] for file in files]
    return {epoch: [[row for at, row in part if int(at) == epoch] for part in lines] for epoch in (0, 1)}


def test_every_row_is_seen_once_an_epoch(both: Both) -> None:
    alone, together = (rows_of(both, name, "training_step") for name in ("one", "two"))
    for epoch in (0, 1):
        first, second = together[epoch]
        assert len(first) == len(second) == NUM_TRAINING // 2
        assert len({*first, *second}) == NUM_TRAINING
        assert {*first, *second} == set(alone[epoch][0])


def test_validation_judges_every_row_once(both: Both) -> None:
    for parts in rows_of(both, "two", "validation_step").values():
        assert sorted(len(part) for part in parts) == [9, 10]
        assert len({row for part in parts for row in part}) == NUM_VALIDATION


def test_the_figures_are_those_of_all_processes(both: Both) -> None:
    one, two = (run.read_curves() for run in runs_of(both))
    for alone, together in zip(one, two, strict=True):
        assert together["validation_accuracy"] == alone["validation_accuracy"]
        for name in ("loss", "validation_loss"):
            assert together[name] == pytest.approx(alone[name], abs=2e-5)


def test_the_first_process_alone_writes_prints_and_goes_on(both: Both) -> None:
    folder, printed = both
    assert [path.name for path in (folder / "two").iterdir()] == ["scale-1"]
    assert sorted(path.name for path in (folder / "two" / "scale-1").iterdir()) == sorted(
        path.name for path in (folder / "one" / "scale-1").iterdir()
    )
    assert len(printed["two"].splitlines()) == len(printed["one"].splitlines()) == 4
    assert printed["two"].count("after training:") == 1
    assert ", 2 processes\n" in printed["two"]


def test_where_a_run_trains_is_no_part_of_its_fingerprint(both: Both) -> None:
    one, two = runs_of(both)
    assert one.facts["recipe_fingerprint"] == two.facts["recipe_fingerprint"]
    assert json.loads((two.folder / "recipe.json").read_text())["trainer"]["devices"] == 2


@pytest.mark.slow
def test_torchrun_gives_the_same(both: Both) -> None:
    done = run_driver(
        both[0], "torchrun", "trainer.devices=2", launcher=("-m", "torch.distributed.run", "--nproc-per-node", "2")
    )
    assert done.returncode == 0, done.stderr[-3000:]
    run = RunFolder(both[0] / "torchrun" / "scale-1")
    assert run.weights_file("last").read_bytes() == runs_of(both)[1].weights_file("last").read_bytes()
    assert [path.name for path in run.folder.parent.iterdir()] == ["scale-1"]


@pytest.mark.slow
def test_a_fault_of_all_processes_is_one_line(both: Both) -> None:
    done = run_driver(both[0], "fault", "trainer.devices=2", "optimizer.learning_rate=1e30")
    assert done.returncode != 0
    assert done.stderr.count("no epoch was complete") == 1


@pytest.mark.slow
@pytest.mark.parametrize("average", ["exponential", "stochastic"])
def test_batch_norm_and_both_averages_train_with_two_processes(both: Both, average: str) -> None:
    done = run_driver(
        both[0], average, "trainer.devices=2", 'model.name="mobilenet48"', f"training.average={average}",
        "training.average_from=0.5",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert len(RunFolder(both[0] / average / "scale-1").read_curves()) == 2
