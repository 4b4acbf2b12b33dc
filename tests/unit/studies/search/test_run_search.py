import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mien.errors import SearchError
from mien.studies.search import run_search as module
from mien.studies.search import run_trial
from mien.studies.search.run_search import run_search
from mien.studies.search.run_trial import ReportToTrial
from mien.studies.search.search import Search
from mien.studies.search.search_results import TrialResult
from mien.studies.search.storage import journal_file, open_study, quiet_optuna
from mien.training import RunFolder

Maker = Callable[..., Search]


@pytest.fixture
def search_on(tmp_path: Path) -> Callable[..., tuple[list[TrialResult], list[str]]]:
    """Runs a search in folders of its own, and gives results and lines."""

    def run(search: Search, **options: Any) -> tuple[list[TrialResult], list[str]]:
        lines: list[str] = []
        folders = {"runs_folder": tmp_path / "runs", "results_folder": tmp_path / "results"}
        return run_search(search, **folders, say=lines.append, **options), lines

    return run


Run = Callable[..., tuple[list[TrialResult], list[str]]]


def test_run_search_trains_the_trials_and_keeps_their_figures(
    make_search: Maker, search_on: Run, tmp_path: Path
) -> None:
    results, lines = search_on(make_search())
    assert [(each.number, each.state) for each in results] == [(0, "complete"), (1, "complete")]
    assert lines[0].startswith("trial 0, optimizer.learning_rate=")
    assert lines[-1] == "trained trials: 2; that is all"
    rows = (tmp_path / "results" / "searches" / "rates.csv").read_text().splitlines()
    assert len(rows) == 3
    runs = sorted(file.parent.name for file in tmp_path.rglob("recipe.json"))
    assert runs == ["rates-0-1", "rates-1-1"]
    assert [RunFolder.open(file.parent).is_finished for file in tmp_path.rglob("recipe.json")] == [True, True]


def test_run_search_goes_on_to_the_number_asked_for(make_search: Maker, search_on: Run, stub_runner: type) -> None:
    first, _ = search_on(make_search(trials=2))
    more, lines = search_on(make_search(trials=5))
    assert [each.number for each in more] == [0, 1, 2, 3, 4]
    assert [each.changes for each in more[:2]] == [each.changes for each in first]
    assert len(lines) == 3 + 1
    assert search_on(make_search(trials=5))[1] == ["trained trials: 5; that is all"]


def test_run_search_ends_with_the_grid(make_search: Maker, search_on: Run, stub_runner: type) -> None:
    space = {"model.width": {"choices": [4, 6, 8]}}
    results, lines = search_on(make_search(sampler="grid", space=space))
    assert (len(results), lines[-1]) == (2, "trained trials: 2; that is all")
    results, lines = search_on(make_search(sampler="grid", space=space, trials=50))
    assert sorted(each.changes for each in results) == [("model.width=4",), ("model.width=6",), ("model.width=8",)]
    assert lines[-1] == "trained trials: 3; that is all"


def test_run_search_gives_up_where_all_is_refused(make_search: Maker, search_on: Run, stub_runner: Any) -> None:
    stub_runner.refuses = True
    results, lines = search_on(make_search(trials=1))
    assert lines[-1] == "trained trials: 0; gave up after 10 that were refused"
    assert {each.state for each in results} == {"refused"}
    stub_runner.refuses = False
    assert search_on(make_search(trials=2))[1][-1] == "trained trials: 2; that is all"


@pytest.mark.parametrize("sampler", ["tpe", "genetic"])
def test_what_was_refused_stands_in_the_way_of_no_sampler(
    make_search: Maker, search_on: Run, stub_runner: Any, monkeypatch: pytest.MonkeyPatch, sampler: str
) -> None:
    run = stub_runner.run

    def refuse_every_third(self: Any, trial: Any, *, others: Any) -> list[float]:
        self.refuses = trial.number % 3 == 2
        return run(self, trial, others=others)

    monkeypatch.setattr(stub_runner, "run", refuse_every_third)
    search = make_search(sampler=sampler, population=4, trials=20, objectives=["accuracy", "parameters"])
    with warnings.catch_warnings(action="error"):
        results, _ = search_on(search)
    assert [each.state for each in results].count("complete") == 20
    assert {each.number for each in results if each.state == "refused"} == set(range(2, 29, 3))


def test_run_search_begins_nothing_when_the_budget_is_spent(
    make_search: Maker, search_on: Run, stub_runner: type
) -> None:
    assert search_on(make_search(), budget_minutes=-1) == ([], ["trained trials: 0; the budget is spent"])


def test_run_search_leaves_to_others_what_is_under_way_there(
    make_search: Maker, search_on: Run, stub_runner: type, tmp_path: Path
) -> None:
    search = make_search()
    with quiet_optuna():
        open_study(search, str(journal_file(tmp_path / "runs", search))).ask()
    results, lines = search_on(search)
    assert [each.number for each in results] == [1]
    assert lines[-1] == "trained trials: 1; 1 more under way elsewhere, or stopped a moment ago"


def test_run_search_takes_the_storage_that_it_is_given(
    make_search: Maker, search_on: Run, stub_runner: type, tmp_path: Path
) -> None:
    results, _ = search_on(make_search(), storage=f"sqlite:///{tmp_path / 'trials.db'}")
    assert len(results) == 2
    assert not (tmp_path / "runs").exists()


def test_run_search_refuses_another_search_of_the_name(make_search: Maker, search_on: Run, stub_runner: type) -> None:
    search_on(make_search())
    with pytest.raises(SearchError, match="give this one another name"):
        search_on(make_search(space={"model.width": {"choices": [4, 8]}}))


def test_a_trial_that_was_interrupted_goes_on_from_its_last_epoch(
    make_search: Maker, search_on: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Interrupted(ReportToTrial):
        def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
            if trainer.current_epoch == 1:
                raise KeyboardInterrupt

    search = make_search(trials=1, changes=[])
    with monkeypatch.context() as patch:
        patch.setattr(run_trial, "ReportToTrial", Interrupted)
        with pytest.raises(KeyboardInterrupt):
            search_on(search)
    (run,) = (RunFolder.open(file.parent) for file in tmp_path.rglob("recipe.json"))
    assert len(run.read_curves()) == 1
    (first_row,) = (run.folder / "curves.csv").read_text().splitlines()[1:]
    results, _ = search_on(search)
    assert [(each.number, each.state) for each in results] == [(1, "complete")]
    assert len(list(tmp_path.rglob("recipe.json"))) == 1
    assert run.is_finished
    # The first epoch's row, with its speed, is the one of the first time.
    assert (run.folder / "curves.csv").read_text().splitlines()[1] == first_row


def test_a_fault_that_nobody_expects_is_raised_and_the_trial_is_queued_anew(
    make_search: Maker, search_on: Run, stub_runner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(stub_runner, "run", fail)
        with pytest.raises(ZeroDivisionError):
            search_on(make_search())
    results, _ = search_on(make_search())
    assert [each.number for each in results] == [1, 2]


def test_trials_that_others_gave_up_for_us_are_no_fault(
    make_search: Maker, search_on: Run, stub_runner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = stub_runner.run

    def run_while_another_takes_it_for_stopped(self: Any, trial: Any, *, others: Any) -> list[float]:
        if trial.number == 0:
            module.return_trial(trial.study, trial)
        return run(self, trial, others=others)

    monkeypatch.setattr(stub_runner, "run", run_while_another_takes_it_for_stopped)
    results, lines = search_on(make_search())
    assert lines[0] == "trial 0: given up"
    assert [each.number for each in results] == [1, 2]


@pytest.mark.slow
def test_two_processes_share_one_search(search_file: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mien", "search", "run", search_file, "--trials", "6", "--runs", tmp_path / "runs"]
    command += ["--results", tmp_path / "results"]
    processes = [subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    numbers = [[line.split(",")[0] for line in text.splitlines() if line.startswith("trial ")] for text in said]
    together = sorted(numbers[0] + numbers[1])
    # Both may see the last trial left at the same moment.
    assert together in ([f"trial {number}" for number in range(count)] for count in (6, 7))
    assert numbers[0]
    assert numbers[1]
    rows = (tmp_path / "results" / "searches" / "rates.csv").read_text().splitlines()[1:]
    assert [row.split(",")[1] for row in rows] == ["complete"] * len(together)
