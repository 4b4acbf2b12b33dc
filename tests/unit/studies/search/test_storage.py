import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from mien.errors import SearchError
from mien.studies.search import storage as module
from mien.studies.search.search import Search
from mien.studies.search.space import distributions_of
from mien.studies.search.storage import (
    giving_signs,
    journal_file,
    open_study,
    quiet_optuna,
    return_stopped_trials,
    return_trial,
)


@pytest.fixture(autouse=True)
def quiet() -> Any:
    with quiet_optuna():
        yield


@pytest.fixture(params=["journal", "database"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return (
        str(tmp_path / "new" / "journal.log") if request.param == "journal" else f"sqlite:///{tmp_path / 'trials.db'}"
    )


def test_two_that_share_a_storage_share_the_trials(make_search: Callable[..., Search], address: str) -> None:
    search = make_search()
    one, other = open_study(search, address), open_study(search, address)
    drawn = [study.ask(distributions_of(search.space)) for study in (one, other, one)]
    assert [trial.number for trial in drawn] == [0, 1, 2]
    assert len({trial.params["optimizer.learning_rate"] for trial in drawn}) == 3
    for study, trial in zip((one, other, one), drawn, strict=True):
        study.tell(trial, trial.number / 10)
    assert [trial.value for trial in other.trials] == [0.0, 0.1, 0.2]
    assert [trial.value for trial in open_study(search, address, must_exist=True).trials] == [0.0, 0.1, 0.2]


def test_directions_are_those_of_the_objectives(make_search: Callable[..., Search], tmp_path: Path) -> None:
    search = make_search(objectives=["parameters", "accuracy", "latency"])
    study = open_study(search, str(journal_file(tmp_path, search)))
    assert [each.name for each in study.directions] == ["MINIMIZE", "MAXIMIZE", "MINIMIZE"]
    assert (tmp_path / "searches" / "rates" / "journal.log").exists()


def test_another_search_of_the_name_is_refused(make_search: Callable[..., Search], address: str) -> None:
    open_study(make_search(), address)
    other = make_search(limits={"parameters": 9})
    with pytest.raises(
        SearchError, match="holds a search 'rates' of another recipe, space, limits or objectives; give"
    ):
        open_study(other, address)
    assert open_study(other.model_copy(update={"name": "others"}), address).trials == []


def test_a_search_that_was_not_begun_is_named(make_search: Callable[..., Search], tmp_path: Path) -> None:
    with pytest.raises(SearchError, match=r"none\.log does not exist; begin the search with: mien search run"):
        open_study(make_search(), str(tmp_path / "none.log"), must_exist=True)
    open_study(make_search(name="first"), str(tmp_path / "some.log"))
    with pytest.raises(SearchError, match=r"some\.log: no search 'rates'; begin it with: mien search run"):
        open_study(make_search(), str(tmp_path / "some.log"), must_exist=True)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        (
            "foo://me:secret@host/x",
            r"^foo://me:\*\*\*@host/x: cannot be used as a storage \(.*foo\); expected a journal",
        ),
        ("sqlite:////nowhere/at/all.db", "cannot be used as a storage .*unable to open database file"),
    ],
)
def test_a_database_that_cannot_be_used_is_one_line(
    make_search: Callable[..., Search], address: str, message: str
) -> None:
    with pytest.raises(SearchError, match=message) as raised:
        open_study(make_search(), address)
    assert "secret" not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_damaged_journal_is_one_line(make_search: Callable[..., Search], tmp_path: Path) -> None:
    file = tmp_path / "journal.log"
    file.write_text("{\n{\n")
    with pytest.raises(SearchError, match=r"journal\.log: cannot be used as a storage"):
        open_study(make_search(), str(file))


def test_a_trial_whose_process_was_killed_is_queued_anew(
    make_search: Callable[..., Search], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = make_search()
    study = open_study(search, address)
    killed = study.ask(distributions_of(search.space))
    with giving_signs(killed):
        pass
    return_stopped_trials(study)
    assert [trial.state for trial in study.trials] == [TrialState.RUNNING]
    later = time.time() + module.STOPPED_AFTER_SECONDS + 5
    monkeypatch.setattr(module.time, "time", lambda: later)
    return_stopped_trials(study)
    again = study.ask(distributions_of(search.space))
    assert (again.number, again.params) == (1, killed.params)
    assert again.user_attrs[module.FIRST_NUMBER] == 0
    assert study.trials[0].state == TrialState.FAIL
    return_trial(study, again)
    assert study.ask(distributions_of(search.space)).user_attrs[module.FIRST_NUMBER] == 0


def test_a_trial_is_queued_anew_once(make_search: Callable[..., Search], address: str) -> None:
    search = make_search()
    one, other = open_study(search, address), open_study(search, address)
    trial = one.ask(distributions_of(search.space))
    return_trial(one, trial)
    return_trial(other, trial)
    assert [each.state for each in one.trials] == [TrialState.FAIL, TrialState.WAITING]


def test_signs_are_given_as_long_as_a_trial_is_under_way(
    make_search: Callable[..., Search], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SIGN_EVERY_SECONDS", 0.01)
    study = open_study(make_search(), address)
    trial = study.ask()
    with giving_signs(trial):
        first = study.trials[0].user_attrs["sign_of_life"]
        ends_at = time.monotonic() + 10
        while study.trials[0].user_attrs["sign_of_life"] == first:
            assert time.monotonic() < ends_at
        study.tell(trial, 0.5)
        time.sleep(0.05)  # a sign for a trial that has ended is no fault
    assert study.trials[0].value == 0.5


def test_optuna_is_quiet_inside_and_as_before_afterwards(capsys: pytest.CaptureFixture[str]) -> None:
    before = optuna.logging.get_verbosity()
    with warnings.catch_warnings(action="error"), quiet_optuna():
        study = optuna.create_study(pruner=optuna.pruners.PatientPruner(None, patience=1))
        study.set_metric_names(["accuracy"])
    assert optuna.logging.get_verbosity() == before
    assert capsys.readouterr().err == ""
