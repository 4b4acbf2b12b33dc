"""``Search``: a recipe, what may be set in it, and how to look for the best; read from a TOML file."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from mien.errors import MienError, RecipeError
from mien.settings import parse_setting, to_toml
from mien.studies.foresight import check_keeps_validation
from mien.studies.reading import read_section
from mien.studies.search.space import Entry, grid_of
from mien.training.data_settings import Section
from mien.training.recipe import Recipe, read_recipe

Objective = Literal["accuracy", "parameters", "latency"]


class Limits(Section):
    """What a network may cost; a trial beyond is refused before it is trained.

    Attributes:
        parameters: Most trainable parameters.
        latency_ms: Longest time for one picture on one core, in milliseconds.
    """

    parameters: Annotated[int, Field(ge=1)] | None = None
    latency_ms: Annotated[float, Field(gt=0)] | None = None


class Search(Section):
    """One question, and the settings among which its answer is looked for.

    Attributes:
        name: Name of the search, of its results and of its run folders.
        question: What it asks, one sentence.
        recipe: Recipe that trials change, a path from the search's own file.
        changes: Settings that all trials share, such as fewer epochs; what is found is written without them.
        sampler: ``grid``, ``random``, ``tpe`` or ``genetic`` (NSGA-II).
        seed: Seed of the draws; the training's is the recipe's.
        trials: Trials to train; those refused for their cost are not counted.
        population: Trials of a generation, of the genetic sampler alone.
        pruner: Which trials end early: ``none``, ``median`` or ``successive_halving``.
        objectives: Figures to be the best in: ``accuracy``, and ``parameters`` or ``latency``.
        limits: What a network may cost.
        space: By key of the recipe, what it may be set to.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    question: str
    recipe: Path = Field(strict=False)
    changes: tuple[str, ...] = Field((), strict=False)
    sampler: Literal["grid", "random", "tpe", "genetic"] = "tpe"
    seed: int = Field(0, ge=0)
    trials: int = Field(20, ge=1)
    population: int = Field(10, ge=2)
    pruner: Literal["none", "median", "successive_halving"] = "none"
    objectives: tuple[Objective, ...] = Field(("accuracy",), strict=False)
    limits: Limits = Limits()
    space: Annotated[dict[str, Entry], Field(min_length=1)]

    @field_validator("objectives")
    @classmethod
    def _accuracy_is_among_them(cls, objectives: tuple[Objective, ...]) -> tuple[Objective, ...]:
        if "accuracy" not in objectives or len(set(objectives)) < len(objectives):
            raise ValueError("objectives must hold accuracy, and each once")
        return objectives

    @model_validator(mode="after")
    def _parts_fit_together(self) -> "Search":
        faults = []
        if len(self.objectives) > 1 and self.pruner != "none":
            faults.append(f"pruner is {self.pruner!r}; with several objectives nothing can be pruned: set 'none'")
        taken = {parse_setting(change)[0] for change in self.changes if "=" in change} | {"name"}
        faults += [f"space.{key}: set for all trials already" for key in self.space if key in taken]
        if self.sampler == "grid":
            try:
                grid_of(self.space)
            except ValueError as fault:
                faults.append(f"space.{fault}")
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def asks_latency(self) -> bool:
        """Whether trials must be timed."""
        return "latency" in self.objectives or self.limits.latency_ms is not None

    @property
    def fingerprint(self) -> str:
        """SHA-256 over all that trials must share to be compared; how they are drawn and how many may change."""
        settings = self.model_dump(mode="json", include={"objectives", "limits", "space"})
        settings["recipe"] = self.trial_recipe([], name=self.name).fingerprint
        return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()

    def trial_recipe(self, changes: Sequence[str], *, name: str) -> Recipe:
        """Return the recipe of a trial.

        Args:
            changes: What the trial sets, such as ``training.epochs=3``.
            name: Name of the recipe.

        Raises:
            RecipeError: With all faults in one line.
        """
        return self.full_recipe([*self.changes, *changes], name=name)

    def full_recipe(self, changes: Sequence[str], *, name: str) -> Recipe:
        """Return the recipe with a trial's settings, without those that all trials share.

        Args:
            changes: What the trial sets, such as ``training.epochs=3``.
            name: Name of the recipe.

        Raises:
            RecipeError: With all faults in one line.
        """
        return read_recipe(self.recipe, [*changes, f"name={to_toml(name)}"])


def read_search(file: Path) -> Search:
    """Return the search of a TOML file, whose recipe takes every value of the space by itself and keeps validation.

    Args:
        file: The search.

    Raises:
        RecipeError: If the file is missing, is no TOML or no search, the recipe does not take a value, trains on
            validation or in several processes; all faults in one line.
    """
    search = read_section(file, Search, noun="search")
    search = search.model_copy(update={"recipe": file.parent / search.recipe})
    try:
        recipe = search.trial_recipe([], name=search.name)
        _check_trial(recipe)
        faults = _cost_faults(search, recipe) or _value_faults(search)
    except MienError as fault:
        faults = [str(fault)]
    if faults:
        raise RecipeError(f"{file}: {'; '.join(dict.fromkeys(faults))}")
    return search


def _check_trial(recipe: Recipe) -> None:
    """Raise what keeps a trial from being trained among others, and chosen."""
    if not recipe.trainer.is_one_process:
        raise RecipeError("trials are trained in one process; leave out trainer.devices and trainer.num_nodes")
    check_keeps_validation(recipe)


def _cost_faults(search: Search, recipe: Recipe) -> list[str]:
    """Return what of a search means nothing to an estimator, which has no epochs and is no network."""
    if not recipe.model.is_estimator:
        return []
    asked = {
        "pruner": search.pruner != "none",
        "objectives": len(search.objectives) > 1,
        "limits": search.limits != Limits(),
    }
    name = recipe.model.name
    return [f"{key}: means nothing to {name!r}, which is fitted in one go; leave it out" for key in asked if asked[key]]


def _value_faults(search: Search) -> list[str]:
    """Return what a recipe says to each value of the space, with the first of all others."""
    first = {key: entry.extremes()[0] for key, entry in search.space.items()}
    faults = []
    for key, entry in search.space.items():
        for value in entry.extremes():
            changes = [f"{each}={to_toml(setting)}" for each, setting in (first | {key: value}).items()]
            try:
                _check_trial(search.trial_recipe(changes, name=search.name))
            except MienError as fault:
                faults.append(f"space.{key}: {fault}")
    try:
        changes = [f"{key}={to_toml(setting)}" for key, setting in first.items()]
        check_keeps_validation(search.full_recipe(changes, name=search.name))
    except MienError as fault:
        faults.append(f"without changes, as it is to be written: {fault}")
    return faults
