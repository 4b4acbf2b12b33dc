from collections.abc import Callable
from typing import Any

import optuna
import pytest
from optuna.pruners import MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.trial import TrialState

from mien.studies.search.sampling import TrialSeededSampler, create_pruner
from mien.studies.search.search import Search
from mien.studies.search.space import distributions_of
from mien.studies.search.storage import quiet_optuna


def draw(search: Search, study: optuna.Study, count: int) -> list[dict[str, Any]]:
    """Draw trials with a fresh sampler, as a process does that goes on; the higher all settings the better."""
    study.sampler = TrialSeededSampler(search)
    drawn = []
    with quiet_optuna():
        for _ in range(count):
            trial = study.ask(distributions_of(search.space))
            drawn.append(trial.params)
            study.tell(trial, sum(trial.params.values()))
    return drawn


def new_study() -> optuna.Study:
    with quiet_optuna():
        return optuna.create_study(direction="maximize")


@pytest.mark.parametrize("sampler", ["random", "tpe", "genetic"])
def test_draws_do_not_depend_on_how_often_a_search_was_started(
    make_search: Callable[..., Search], sampler: str
) -> None:
    search = make_search(sampler=sampler, population=3)
    at_once = draw(search, new_study(), 14)
    study = new_study()
    assert draw(search, study, 6) + draw(search, study, 8) == at_once
    assert len({each["optimizer.learning_rate"] for each in at_once}) > 5
    assert draw(make_search(sampler=sampler, population=3, seed=1), new_study(), 14) != at_once


def test_the_grid_is_drawn_whole_and_once(make_search: Callable[..., Search]) -> None:
    search = make_search(
        sampler="grid",
        space={"model.width": {"choices": [4, 6]}, "training.epochs": {"low": 1, "high": 3}},
        changes=[],
    )
    study = new_study()
    drawn = draw(search, study, 2) + draw(search, study, 4)
    assert sorted((each["model.width"], each["training.epochs"]) for each in drawn) == [
        (width, epochs) for width in (4, 6) for epochs in (1, 2, 3)
    ]


def test_the_genetic_sampler_breeds_what_was_better(make_search: Callable[..., Search]) -> None:
    keys = ("training.epochs", "training.batch_size", "training.seed", "model.width", "model.hidden")
    space = {key: {"low": 2, "high": 99} for key in keys}
    search = make_search(sampler="genetic", population=6, space=space, changes=[])
    reached = [sum(each.values()) for each in draw(search, new_study(), 60)]
    assert sum(reached[-12:]) > 1.2 * sum(reached[:12])


@pytest.mark.parametrize(
    ("name", "kind"), [("none", NopPruner), ("median", MedianPruner), ("successive_halving", SuccessiveHalvingPruner)]
)
def test_create_pruner_knows_all_names(make_search: Callable[..., Search], name: str, kind: type) -> None:
    assert type(create_pruner(make_search(pruner=name))) is kind


@pytest.mark.parametrize("pruner", ["median", "successive_halving"])
def test_pruners_end_what_lags_behind(make_search: Callable[..., Search], pruner: str) -> None:
    search = make_search(pruner=pruner)
    with quiet_optuna():
        study = optuna.create_study(direction="maximize", pruner=create_pruner(search))
        for number in range(12):
            trial = study.ask()
            level = 0.2 if number == 11 else 0.6
            for epoch in range(1, 5):
                trial.report(level, epoch)
                if trial.should_prune():
                    study.tell(trial, state=TrialState.PRUNED)
                    break
            else:
                study.tell(trial, level)
    assert study.trials[-1].state == TrialState.PRUNED
    assert study.trials[0].state == TrialState.COMPLETE
