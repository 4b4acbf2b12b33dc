from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from optuna import Trial
from optuna.trial import FrozenTrial

from mien.studies.search.search import Search, read_search

SEARCH = """
name = "rates"
question = "Which learning rate?"
recipe = "tiny.toml"
changes = ["training.epochs=1"]
sampler = "random"
trials = 2
[space]
"optimizer.learning_rate" = { low = 0.01, high = 0.5, log = true }
"model.width" = { choices = [4, 6] }
"""
GENOMES = """
name = "breed"
question = "Which structure?"
recipe = "genome.toml"
changes = ["training.epochs=1"]
sampler = "genetic"
population = 2
trials = 2
[space]
"model.genome" = { genome = { stages = [1, 2], widths = [16, 32] } }
"""

SearchMaker = Callable[..., Search]


@pytest.fixture
def search_file(tiny_recipe_file: Path) -> Path:
    """A search beside the tiny recipe."""
    file = tiny_recipe_file.with_name("rates.toml")
    file.write_text(SEARCH)
    return file


@pytest.fixture
def genome_search_file(tiny_recipe_file: Path) -> Path:
    """A search among structures, beside a recipe of its own."""
    data, _, rest = tiny_recipe_file.read_text().partition("[model]")
    _, _, others = rest.partition("[augmentation]")
    recipe = f'{data}[model]\nname = "genome_cnn"\n[augmentation]{others}'
    tiny_recipe_file.with_name("genome.toml").write_text(recipe)
    file = tiny_recipe_file.with_name("breed.toml")
    file.write_text(GENOMES)
    return file


@pytest.fixture
def make_search(search_file: Path) -> SearchMaker:
    """Makes the search with changed settings, as its file would have them."""

    def make(**changes: Any) -> Search:
        read = read_search(search_file)
        return Search.model_validate(read.model_dump() | changes)

    return make


class StubRunner:
    """Stands for training: a wider network is better, and nothing is trained."""

    refuses = False

    def __init__(self, search: Search, *, runs_folder: Path) -> None:
        self.search = search

    def run(self, trial: Trial, *, others: Sequence[FrozenTrial]) -> list[float]:
        from optuna import TrialPruned

        trial.set_user_attr("changes", [f"{key}={value}" for key, value in trial.params.items()])
        if self.refuses:
            trial.set_user_attr("refused", "too large")
            raise TrialPruned
        figures = {"accuracy": trial.params["model.width"] / 10, "parameters": trial.number, "latency": 1.0}
        trial.set_user_attr("accuracy", figures["accuracy"])
        trial.set_user_attr("parameters", figures["parameters"])
        return [figures[each] for each in self.search.objectives]


@pytest.fixture
def stub_runner(monkeypatch: pytest.MonkeyPatch) -> type[StubRunner]:
    """Puts a stub in the place of training."""
    from mien.studies.search import run_search

    class Stub(StubRunner):
        pass

    monkeypatch.setattr(run_search, "TrialRunner", Stub)
    return Stub
