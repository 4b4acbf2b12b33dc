"""What a search found, for use: a recipe to train in full, and a campaign that compares it with the default."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mien.settings import to_toml
from mien.studies.search.search import Search
from mien.studies.search.search_results import TrialResult
from mien.writing import write_atomically

SEEDS = (0, 1, 2)


def write_best(file: Path, search: Search, result: TrialResult) -> None:
    """Write the recipe of a trial, without what made the search's trials short.

    Args:
        file: The recipe.
        search: The search.
        result: The trial.
    """
    recipe = search.full_recipe(result.changes, name=f"{search.name}-best")
    settings = recipe.model_dump(mode="json")
    lines = [f"# Trial {result.number} of the search {search.name!r}: {' '.join(search.question.split())}"]
    lines += _to_lines({key: value for key, value in settings.items() if not isinstance(value, dict)})
    for section, content in settings.items():
        if isinstance(content, dict):
            lines += ["", f"[{section}]", *_to_lines(content)]
    write_atomically(file, "\n".join(lines) + "\n")


def write_campaign(file: Path, search: Search, result: TrialResult) -> None:
    """Write a campaign that trains the default and a trial's settings in full, with three seeds each.

    Args:
        file: The campaign.
        search: The search.
        result: The trial.
    """
    settings: dict[str, Any] = {
        "name": f"{search.name}-best",
        "question": f"Is what the search {search.name!r} found better than the default, both trained in full?",
        "recipe": Path(os.path.relpath(search.recipe, file.parent)).as_posix(),
        "seeds": list(SEEDS),
        "note": "The search chose on these very rows, which flatters what it found.",
    }
    variants = {"default": [], "found": list(result.changes)}
    lines = [*_to_lines(settings), "", "[variants]", *_to_lines(variants)]
    write_atomically(file, "\n".join(lines) + "\n")


def _to_lines(settings: Mapping[str, Any]) -> list[str]:
    return [f"{key} = {to_toml(value)}" for key, value in settings.items() if value is not None]
