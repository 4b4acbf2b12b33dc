import csv
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from mien.errors import SearchError
from mien.studies.search.search import Search
from mien.studies.search.search_results import (
    TrialResult,
    count_line,
    describe_result,
    find_best,
    results_file,
    search_rows,
    trial_results,
    write_results,
)
from mien.studies.search.storage import quiet_optuna


def result(number: int, accuracy: float = math.nan, **changes: Any) -> TrialResult:
    facts: dict[str, Any] = {
        "state": "refused" if math.isnan(accuracy) else "complete",
        "parameters": 12_345,
        "latency_ms": math.nan,
        "seconds": 2.5,
        "changes": ("optimizer.learning_rate=0.123456789", 'model.pooling="average"', 'training.views=["plain"]'),
        "reason": "parameters 12,345; the limit is 9" if math.isnan(accuracy) else "",
        "recipe_fingerprint": f"recipe {number}",
        "is_best": False,
    }
    return TrialResult(number=number, accuracy=accuracy, **{**facts, **changes})


def study_of(*trials: tuple[TrialState, list[float] | None, dict[str, Any]], directions: list[str]) -> optuna.Study:
    with quiet_optuna():
        study = optuna.create_study(directions=directions)
        for state, values, known in trials:
            study.add_trial(optuna.create_trial(state=state, values=values, user_attrs=known))
    return study


def test_trial_results_are_those_that_ended() -> None:
    study = study_of(
        (TrialState.COMPLETE, [0.5], {"accuracy": 0.5, "parameters": 9, "changes": ["a=1"], "recipe_fingerprint": "x"}),
        (TrialState.FAIL, None, {"changes": ["a=2"]}),
        (TrialState.PRUNED, [0.25], {"changes": ["a=3"]}),
        (TrialState.PRUNED, None, {"refused": "too large", "parameters": 99}),
        (TrialState.RUNNING, None, {}),
        directions=["maximize"],
    )
    complete, pruned, refused = trial_results(study)
    assert (complete.number, complete.state, complete.accuracy, complete.is_best) == (0, "complete", 0.5, True)
    assert (complete.parameters, complete.changes, complete.recipe_fingerprint) == (9, ("a=1",), "x")
    assert (pruned.number, pruned.state, pruned.accuracy, pruned.is_best) == (2, "pruned", 0.25, False)
    assert (refused.number, refused.state, refused.reason, refused.parameters) == (3, "refused", "too large", 99)
    assert math.isnan(refused.accuracy)


def test_the_best_of_several_objectives_are_those_that_no_other_beats() -> None:
    figures = [(0.5, 10), (0.6, 20), (0.4, 15), (0.6, 30)]
    study = study_of(
        *((TrialState.COMPLETE, list(each), {"accuracy": each[0]}) for each in figures),
        directions=["maximize", "minimize"],
    )
    results = trial_results(study)
    assert [each.is_best for each in results] == [True, True, False, False]
    assert find_best(results).number == 1
    assert find_best(results, number=3).number == 3


@pytest.mark.parametrize(
    ("number", "message"),
    [(None, "no trial complete yet; go on with: mien search run"), (1, "trial 1 is not complete yet; go on")],
)
def test_find_best_needs_a_complete_trial(number: int | None, message: str) -> None:
    with pytest.raises(SearchError, match=message):
        find_best([result(0, 0.5, state="pruned"), result(1)], number=number)


def test_results_are_written_with_a_column_a_key(make_search: Callable[..., Search], tmp_path: Path) -> None:
    keys = {key: {"choices": ["x"]} for key in ("optimizer.learning_rate", "model.pooling", "training.views")}
    search = make_search(space=keys)
    file = results_file(tmp_path, search)
    write_results(file, search, [result(0, 0.5), result(1)])
    assert file == tmp_path / "searches" / "rates.csv"
    trained, refused = csv.DictReader(file.open())
    assert trained == {
        "trial": "0",
        "state": "complete",
        "accuracy": "0.5",
        "parameters": "12345",
        "latency_ms": "",
        "seconds": "2.5",
        "optimizer.learning_rate": "0.123456789",
        "model.pooling": "average",
        "training.views": '["plain"]',
        "reason": "",
        "recipe_fingerprint": "recipe 0",
    }
    assert (refused["state"], refused["accuracy"], refused["reason"]) == (
        "refused",
        "",
        "parameters 12,345; the limit is 9",
    )


@pytest.mark.parametrize(
    ("each", "ending"),
    [
        (result(3, 0.5), ": validation 50.00 %, 12,345 parameters"),
        (result(3, 0.5, state="pruned"), ": validation 50.00 %, ended early, 12,345 parameters"),
        (result(3), ": refused: parameters 12,345; the limit is 9"),
    ],
    ids=["complete", "pruned", "refused"],
)
def test_describe_result_says_settings_and_outcome(each: TrialResult, ending: str) -> None:
    settings = 'trial 3, optimizer.learning_rate=0.1235 model.pooling=average training.views=["plain"]'
    assert describe_result(each) == settings + ending


def test_count_line_counts_how_trials_ended() -> None:
    assert count_line([result(0, 0.5), result(1), result(2, 0.25)]) == "trials: 2 complete, 1 refused"
    assert count_line([]) == "trials: none has ended yet"


def test_search_rows_begin_with_the_best_and_leave_out_what_was_refused() -> None:
    results = [
        result(0, 0.9, state="pruned"),
        result(1, 0.4),
        result(2),
        result(3, 0.3, is_best=True, latency_ms=1.234),
        result(4, 0.5),
    ]
    rows = search_rows(results, num_rows=3)
    assert rows[0] == ["settings", "trial", "state", "accuracy", "parameters", "latency"]
    assert [row[1:3] for row in rows[1:]] == [["3", "best"], ["4", "complete"], ["1", "complete"]]
    assert rows[1][3:] == ["30.00 %", "12,345", "1.23 ms"]
    front = [result(number, 0.5, is_best=True) for number in range(4)]
    assert len(search_rows(front, num_rows=2)) == 1 + 4
