"""Running a search: trials are drawn, trained and remembered until there are as many as asked for."""

import math
import time
from collections.abc import Callable
from pathlib import Path

from optuna import Study, TrialPruned
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import TrialState

from mien.studies.search.run_trial import REFUSED, TrialRunner
from mien.studies.search.search import Search
from mien.studies.search.search_results import (
    TrialResult,
    describe_result,
    results_file,
    trial_results,
    write_results,
)
from mien.studies.search.space import distributions_of, grid_of
from mien.studies.search.storage import (
    giving_signs,
    journal_file,
    open_study,
    quiet_optuna,
    return_stopped_trials,
    return_trial,
)

REFUSED_PER_TRIAL = 10
"""So many trials may be refused for each that is to be trained before a search gives up."""


def run_search(
    search: Search,
    *,
    storage: str = "",
    runs_folder: Path = Path("runs"),
    results_folder: Path = Path("results"),
    budget_minutes: float = math.inf,
    say: Callable[[str], None] = lambda line: None,
) -> list[TrialResult]:
    """Train what a search lacks of its trials and return the results of all, in the order of their numbers.

    Several processes may run one search at once, on several machines, if they share its storage. A trial whose process
    was killed is tried again; where its run folder is at hand, it goes on from its last epoch.

    Args:
        search: The search.
        storage: A journal file or a database's address; empty takes a journal file among the runs.
        runs_folder: Folder of all runs.
        results_folder: Folder of all results.
        budget_minutes: No further trial is begun after so long.
        say: Called with one line for each trial, and one at the end.

    Raises:
        DataError: If the data set cannot be read.
        ProtocolError: If no trial could be chosen on validation, for what the recipe begins with.
        MienError: If nothing can be written.
        SearchError: If the storage cannot be used or holds another search of this name.
    """
    ends_at = time.monotonic() + 60 * budget_minutes
    runner = TrialRunner(search, runs_folder=runs_folder)
    with quiet_optuna():
        study = open_study(search, storage or str(journal_file(runs_folder, search)))
        while True:
            return_stopped_trials(study)
            if reason := _find_reason_to_end(search, study, ends_at=ends_at):
                say(reason)
                break
            number = _run_next_trial(study, runner)
            results = trial_results(study)
            say(next((describe_result(each) for each in results if each.number == number), f"trial {number}: given up"))
            write_results(results_file(results_folder, search), search, results)
        return trial_results(study)


def _run_next_trial(study: Study, runner: TrialRunner) -> int:
    """Return the number of a trial that was drawn, trained and told."""
    trial = study.ask(distributions_of(runner.search.space))
    with giving_signs(trial):
        try:
            values = runner.run(trial, others=study.get_trials(deepcopy=False))
        except TrialPruned:
            study.tell(trial, state=TrialState.PRUNED, skip_if_finished=True)
        except UpdateFinishedTrialError:  # another process took it for stopped, and queued it anew
            pass
        except BaseException:
            return_trial(study, trial)
            raise
        else:
            study.tell(trial, values, skip_if_finished=True)
    return trial.number


def _find_reason_to_end(search: Search, study: Study, *, ends_at: float) -> str:
    """Return why no further trial is begun, or nothing where one is."""
    trials = study.get_trials(deepcopy=False)
    under_way = sum(trial.state == TrialState.RUNNING for trial in trials)
    ended = [trial for trial in trials if trial.state in (TrialState.COMPLETE, TrialState.PRUNED)]
    refused = sum(REFUSED in trial.user_attrs for trial in ended)
    trained = len(ended) - refused
    left = search.trials - trained - under_way
    if search.sampler == "grid":
        left = min(left, math.prod(map(len, grid_of(search.space).values())) - len(ended) - under_way)
    reason = ""
    if left <= 0:
        reason = f"; {under_way} more under way elsewhere, or stopped a moment ago" if under_way else "; that is all"
    elif refused >= REFUSED_PER_TRIAL * search.trials:
        reason = f"; gave up after {refused} that were refused"
    elif time.monotonic() > ends_at:
        reason = "; the budget is spent"
    return reason and f"trained trials: {trained}{reason}"
