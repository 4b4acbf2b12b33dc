"""Where a search remembers its trials: a journal file or a relational database, which several machines may share."""

import re
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import optuna
from optuna import Study, Trial
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial, TrialState

from mien.errors import SearchError
from mien.studies.search.sampling import TrialSeededSampler, create_pruner
from mien.studies.search.search import Search

SIGN_EVERY_SECONDS, STOPPED_AFTER_SECONDS = 20, 90
_FINGERPRINT, _SIGN, FIRST_NUMBER = "fingerprint", "sign_of_life", "first_number"


def journal_file(runs_folder: Path, search: Search) -> Path:
    """Return where a search is remembered when nothing else is said.

    Args:
        runs_folder: Folder of all runs.
        search: The search.
    """
    return runs_folder / "searches" / search.name / "journal.log"


def open_study(search: Search, address: str, *, must_exist: bool = False) -> Study:
    """Return a search's trials, ready to go on.

    Args:
        search: The search.
        address: A journal file, or a database as SQLAlchemy names it, such as ``sqlite:///searches.db``.
        must_exist: Whether to begin none.

    Raises:
        SearchError: If the storage cannot be opened, holds another search of this name, or none where one must be.
    """
    storage = _open_storage(address, must_exist=must_exist)
    known = optuna.get_all_study_names(storage)
    if must_exist and search.name not in known:
        raise SearchError(f"{_without_password(address)}: no search {search.name!r}; begin it with: mien search run")
    study = optuna.create_study(
        storage=storage,
        study_name=search.name,
        directions=["maximize" if each == "accuracy" else "minimize" for each in search.objectives],
        sampler=TrialSeededSampler(search),
        pruner=create_pruner(search),
        load_if_exists=True,
    )
    if study.user_attrs.get(_FINGERPRINT, search.fingerprint) != search.fingerprint:
        raise SearchError(
            f"{_without_password(address)}: holds a search {search.name!r} of another recipe, space, limits or "
            "objectives; give this one another name"
        )
    study.set_user_attr(_FINGERPRINT, search.fingerprint)
    return study


def _open_storage(address: str, *, must_exist: bool) -> BaseStorage:
    try:
        if "://" in address:
            return RDBStorage(address)
        file = Path(address)
        if must_exist and not file.exists():
            raise SearchError(f"{file} does not exist; begin the search with: mien search run")
        file.parent.mkdir(parents=True, exist_ok=True)
        return JournalStorage(JournalFileBackend(str(file), JournalFileOpenLock(str(file))))
    except SearchError:
        raise
    except Exception as fault:  # every database has errors of its own
        reason = _without_password(str(fault).partition("\n")[0])
        raise SearchError(
            f"{_without_password(address)}: cannot be used as a storage ({reason}); expected a journal file, or a "
            "database such as sqlite:///searches.db whose driver is installed"
        ) from fault


def _without_password(address: str) -> str:
    return re.sub(r"(://[^:@/]*):[^@]*@", r"\1:***@", address)


@contextmanager
def quiet_optuna() -> Iterator[None]:
    """Keep Optuna's lines and remarks on experiments to itself for a block; mien says what matters."""
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="optuna")
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        try:
            yield
        finally:
            optuna.logging.set_verbosity(verbosity)


@contextmanager
def giving_signs(trial: Trial) -> Iterator[None]:
    """Note in the storage, again and again during a block, that a trial is still under way.

    Args:
        trial: The trial.
    """
    ended = Event()

    def note() -> None:
        while not ended.wait(SIGN_EVERY_SECONDS):
            with suppress(Exception):  # another process may have taken the trial for stopped
                trial.set_user_attr(_SIGN, time.time())

    trial.set_user_attr(_SIGN, time.time())
    thread = Thread(target=note, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def return_stopped_trials(study: Study) -> None:
    """Queue trials anew whose process was killed: those without a sign of life for a minute and a half.

    Args:
        study: The search's trials.
    """
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        began = trial.datetime_start.timestamp() if trial.datetime_start else 0.0
        if time.time() - trial.user_attrs.get(_SIGN, began) > STOPPED_AFTER_SECONDS:
            return_trial(study, trial)


def return_trial(study: Study, trial: Trial | FrozenTrial) -> None:
    """Queue a trial anew that did not end; its number of the first time stays with it.

    Args:
        study: The search's trials.
        trial: One that is under way.
    """
    try:
        study.tell(trial.number, state=TrialState.FAIL)
    except (ValueError, RuntimeError):  # another process was first
        return
    if trial.params:
        number = trial.user_attrs.get(FIRST_NUMBER, trial.number)
        study.enqueue_trial(trial.params, user_attrs={FIRST_NUMBER: number})
