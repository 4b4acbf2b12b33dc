from collections.abc import Callable
from pathlib import Path

import pytest

from mien.studies.campaign_results import RunResult

CAMPAIGN = """
name = "widths"
question = "Does a wider network learn more?"
recipe = "tiny.toml"
seeds = [0, 1]
note = "Both are tiny."
[variants]
"as it is" = []
"Wider (16)" = ["model.width=16"]
"""


@pytest.fixture
def campaign_file(tiny_recipe_file: Path) -> Path:
    """A campaign of two variants and two seeds beside the tiny recipe."""
    file = tiny_recipe_file.with_name("widths.toml")
    file.write_text(CAMPAIGN)
    return file


def make_result(variant: str, seed: int, accuracy: float, **changes: object) -> RunResult:
    facts = {
        "num_training": 112,
        "num_rows": 14,
        "accuracy_without_copy": accuracy,
        "balanced_accuracy": accuracy,
        "macro_f1": accuracy,
        "log_loss": 1.5,
        "num_parameters": 1000,
        "precision": "float32",
        "recipe_fingerprint": f"{variant} {seed}",
        "weights_fingerprint": "weights",
        "rows_fingerprint": "rows",
    }
    return RunResult(variant=variant, seed=seed, accuracy=accuracy, **{**facts, **changes})  # type: ignore[arg-type]


@pytest.fixture
def result() -> Callable[..., RunResult]:
    """Makes the result of an imagined run from variant, seed and accuracy."""
    return make_result
