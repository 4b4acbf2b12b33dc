from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from mien.metrics.predictions import Predictions
from mien.training import RunFolder, read_recipe, train
from tests.conftest import make_rows, write_csv, write_tiny_recipe

PredictionsMaker = Callable[..., Predictions]


def _make_predictions(num_rows: int = 40, *, random_seed: int = 0, skill: float = 1.5, **changes: Any) -> Predictions:
    """Answers of an imagined model: ``skill`` is what the right class's score has over the others."""
    random = np.random.default_rng(random_seed)
    expressions = changes.pop("expressions", ("angry", "happy", "sad"))
    labels = np.arange(num_rows) % len(expressions)
    scores = random.normal(size=(num_rows, len(expressions)))
    scores[np.arange(num_rows), labels] += skill
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    facts: dict[str, Any] = {
        "probabilities": probabilities.astype(np.float32),
        "labels": labels.astype(np.int64),
        "row_ids": np.array([f"faces/{row:05d}" for row in range(num_rows)]),
        "expressions": expressions,
        "model": "compact",
        "weights_fingerprint": "weights-1",
        "recipe_fingerprint": "recipe-1",
        "data_set": "fer2013",
        "data_fingerprint": "data-1",
        "split": "test",
        "views": ("plain", "flip"),
        "has_copy_in_training": np.arange(num_rows) % 8 == 7,
        "splits_seen": {"training": "trained on", "validation": "chosen on"},
        "is_leaky": False,
        "is_float32": True,
        "seed": 3,
        "versions": {"numpy": "2.4.6"},
    }
    return Predictions(**{**facts, **changes})


@pytest.fixture
def run_of_350(tmp_path: Path) -> RunFolder:
    """A tiny network trained for an epoch on made-up faces, of which five of each class are validation."""
    csv = write_csv(tmp_path / "more" / "fer2013.csv", *make_rows(350))
    recipe = read_recipe(write_tiny_recipe(tmp_path / "more.toml", csv), ["training.epochs=1"])
    return train(recipe, runs_folder=tmp_path / "runs", console=Console(quiet=True))


@pytest.fixture(scope="session")
def make_predictions() -> PredictionsMaker:
    return _make_predictions
