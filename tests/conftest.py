"""Fixtures for all tests: small made-up data sets in the real layouts, and the real FER2013 where it lies."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from mien.data.datasets.fer2013 import locate_fer2013
from mien.expressions import FER2013_EXPRESSIONS
from mien.training import RunFolder, read_recipe, train

REPOSITORY = Path(__file__).resolve().parents[1]
USAGES = ("Training", "PublicTest", "PrivateTest")


COVERED = pytest.StashKey[list[str]]()


@pytest.fixture
def say_covered(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Takes a line that the end of the test run prints: what a test over a whole registry covered."""
    return request.config.stash.setdefault(COVERED, []).append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what the tests over whole registries covered."""
    for line in config.stash.get(COVERED, []):
        terminalreporter.write_line(line)


@pytest.fixture(autouse=True)
def own_cache(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Every test has a cache of its own, without weights, so that none depends on what an earlier one left."""
    if "real_data" not in request.node.nodeid:
        monkeypatch.setenv("MIEN_CACHE", str(tmp_path_factory.mktemp("cache")))
        monkeypatch.delenv("MIEN_WEIGHTS", raising=False)


def make_rows(num_rows: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return faces ``(N, 48, 48)`` uint8, labels and usages; each class has a brightness of its own plus noise."""
    random = np.random.default_rng(seed)
    labels = np.arange(num_rows) % 7
    noise = random.integers(-12, 13, size=(num_rows, 48, 48))
    faces = np.clip(30 + 30 * labels[:, None, None] + noise, 0, 255).astype(np.uint8)
    usages = ["Training" if row % 10 < 8 else USAGES[1 + row % 2] for row in range(num_rows)]
    return faces, labels, usages


def make_patterns(num_rows: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return faces ``(N, 48, 48)`` uint8 with noise and labels: 0 stripes across, 1 stripes down, 2 a bright disc."""
    random = np.random.default_rng(seed)
    labels = np.arange(num_rows) % 3
    row, column = np.mgrid[:48, :48]
    shapes = np.stack([row // 6 % 2, column // 6 % 2, np.hypot(row - 24, column - 24) < 14])
    light = random.integers(40, 90, size=(num_rows, 1, 1))
    noise = random.integers(-12, 13, size=(num_rows, 48, 48))
    return (light + 60 * shapes[labels] + noise).astype(np.uint8), labels


def write_csv(file: Path, faces: np.ndarray, labels: np.ndarray, usages: list[str]) -> Path:
    """Write rows in the contest's layout."""
    lines = ["emotion,pixels,Usage"]
    lines += [
        f"{label},{' '.join(map(str, face.ravel()))},{usage}"
        for face, label, usage in zip(faces, labels, usages, strict=True)
    ]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n")
    return file


def write_folders(folder: Path, faces: np.ndarray, labels: np.ndarray, usages: list[str], *, has_prefix: bool) -> Path:
    """Write rows in the folder layout, with or without the usage in the file name."""
    for row, (face, label, usage) in enumerate(zip(faces, labels, usages, strict=True)):
        split = "train" if usage == "Training" else "test"
        inside = folder / split / FER2013_EXPRESSIONS[label]
        inside.mkdir(parents=True, exist_ok=True)
        name = f"{usage}_{row:05d}.png" if has_prefix else f"{row:05d}.png"
        Image.fromarray(face).save(inside / name)
    return folder


@pytest.fixture
def fer2013_csv(tmp_path: Path) -> Path:
    """A made-up FER2013 CSV of 140 rows."""
    return write_csv(tmp_path / "data" / "fer2013.csv", *make_rows(140))


def write_tiny_recipe(file: Path, csv: Path) -> Path:
    """Write a recipe that trains a tiny network in a second or two."""
    file.write_text(
        f"""
name = "tiny"
[data]
path = {str(csv)!r}
[model]
name = "vgg_se"
width = 4
hidden = 16
pooling = "average"
dropout = 0.1
[augmentation]
shift = 0.05
[training]
epochs = 2
batch_size = 16
average_decay = 0.5
precision = "float32"
"""
    )
    return file


@pytest.fixture
def tiny_recipe_file(tmp_path: Path, fer2013_csv: Path) -> Path:
    """A recipe that trains a tiny network on the made-up CSV in a second or two."""
    return write_tiny_recipe(tmp_path / "tiny.toml", fer2013_csv)


@pytest.fixture(scope="session")
def real_fer2013_csv() -> Path:
    """The CSV of the real FER2013; the test is skipped in one line where it is not there."""
    place = Path(os.environ.get("MIEN_FER2013") or REPOSITORY.parent / "shared" / "fer2013")
    if not place.exists():
        pytest.skip("FER2013 is not here (MIEN_FER2013, or ../shared/fer2013)")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIEN_FER2013", str(place))
        return locate_fer2013()


@pytest.fixture
def tiny_run(tiny_recipe_file: Path, tmp_path: Path) -> RunFolder:
    """A tiny network trained for two epochs on the made-up CSV."""
    return train(read_recipe(tiny_recipe_file), runs_folder=tmp_path / "runs", console=Console(quiet=True))


@pytest.fixture
def tiny_run_with_copy(tiny_recipe_file: Path, fer2013_csv: Path, tmp_path: Path) -> tuple[RunFolder, Path]:
    """The same, where the first test picture also stands in training."""
    faces, labels, usages = make_rows(140)
    faces[usages.index("PrivateTest")] = faces[0]
    write_csv(fer2013_csv, faces, labels, usages)
    run = train(read_recipe(tiny_recipe_file), runs_folder=tmp_path / "runs", console=Console(quiet=True))
    return run, fer2013_csv


def train_quickly(folder: Path, csv: Path, variants: dict[str, list[str]]) -> None:
    """Train a tiny network for one epoch for each variant, a name with changed settings."""
    recipe_file = write_tiny_recipe(folder / "tiny.toml", csv)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIEN_CACHE", str(folder / "cache"))
        for name, changes in variants.items():
            settings = [f"name={name}", "training.epochs=1", "training.views=['plain']", *changes]
            train(read_recipe(recipe_file, settings), runs_folder=folder / "runs", console=Console(quiet=True))


@pytest.fixture(scope="session")
def trained_members(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of three runs on the made-up CSV, two seeds and one whose classes stand in another order."""
    folder = tmp_path_factory.mktemp("members")
    csv = write_csv(folder / "fer2013.csv", *make_rows(140))
    backwards = f"data.expressions={list(reversed(FER2013_EXPRESSIONS))!r}"
    train_quickly(folder, csv, {"one": [], "two": ["training.seed=1"], "three": ["training.seed=2", backwards]})
    return folder / "runs"


@pytest.fixture
def members(trained_members: Path, tmp_path: Path) -> list[RunFolder]:
    """The runs one, two and three of `trained_members`, to change as one likes."""
    shutil.copytree(trained_members, tmp_path / "runs")
    return [RunFolder.open(tmp_path / "runs" / f"{name}-1") for name in ("one", "two", "three")]


@pytest.fixture(scope="session")
def trained_against_rest(tmp_path_factory: pytest.TempPathFactory) -> list[RunFolder]:
    """Runs that tell angry and disgust from the rest, of three classes; nothing may change them."""
    folder = tmp_path_factory.mktemp("against_rest")
    csv = write_csv(folder / "fer2013.csv", *make_rows(140))
    three = ["data.expressions=['angry', 'disgust', 'fear']", "data.outside=drop"]
    names = ("angry", "disgust")
    train_quickly(folder, csv, {name: [*three, f"data.one_against_rest={name}"] for name in names})
    return [RunFolder.open(folder / "runs" / f"{name}-1") for name in names]


@pytest.fixture
def estimator_recipe_file(tmp_path: Path) -> Path:
    """A recipe that fits support-vector machines to 90 made-up faces, of the first three classes, in a second."""
    faces, labels = make_patterns(90)
    usages = ["Training" if row % 10 < 7 else USAGES[1 + row % 2] for row in range(90)]
    csv = write_csv(tmp_path / "patterns" / "fer2013.csv", faces, labels, usages)
    file = tmp_path / "classical.toml"
    file.write_text(
        f'name = "classical"\n[data]\npath = {str(csv)!r}\nallow_missing_classes = true\n'
        '[model]\nname = "hog_lbp_svm"\n'
    )
    return file


@pytest.fixture
def estimator_run(estimator_recipe_file: Path, tmp_path: Path) -> RunFolder:
    """The run of that recipe."""
    return train(read_recipe(estimator_recipe_file), runs_folder=tmp_path / "runs", console=Console(quiet=True))
