"""Optuna's samplers and pruners by the names that searches use."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.pruners import BasePruner, MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.samplers import BaseSampler, GridSampler, NSGAIISampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

from mien.studies.search.search import Search
from mien.studies.search.space import grid_of


def create_pruner(search: Search) -> BasePruner:
    """Return the pruner of a search.

    Args:
        search: The search.
    """
    if search.pruner == "median":
        return MedianPruner()
    return SuccessiveHalvingPruner() if search.pruner == "successive_halving" else NopPruner()


class TrialSeededSampler(BaseSampler):
    """A sampler whose draws depend on the search's seed, the trial's number and the trials before it, on nothing else.

    Optuna's own are seeded once a process: going on would draw the first trials again, and so would every further
    process of a search that several share.

    Args:
        search: The search.
    """

    def __init__(self, search: Search) -> None:
        self._search = search
        self._sampler = _build_sampler(search, seed=search.seed)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Seed for this trial."""
        # The grid's seed is its order, which all trials share.
        if self._search.sampler != "grid":
            seeds = np.random.SeedSequence([self._search.seed, trial.number])
            self._sampler = _build_sampler(self._search, seed=int(seeds.generate_state(1)[0]))
        self._sampler.before_trial(study, trial)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return what is drawn together."""
        return self._sampler.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return what is drawn together."""
        return self._sampler.sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Return one draw by itself."""
        return self._sampler.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        """Let the sampler learn; the grid's would only end a loop that is not Optuna's."""
        if self._search.sampler != "grid":
            self._sampler.after_trial(study, trial, state, values)


def _build_sampler(search: Search, *, seed: int) -> BaseSampler:
    if search.sampler == "grid":
        return GridSampler(grid_of(search.space), seed=seed)
    if search.sampler == "random":
        return RandomSampler(seed=seed)
    if search.sampler == "tpe":
        return TPESampler(seed=seed)
    return NSGAIISampler(population_size=search.population, seed=seed)
