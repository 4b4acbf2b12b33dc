"""Plots of a search, drawn by Optuna: its history, what mattered, and the front where there are several objectives."""

from pathlib import Path
from typing import TYPE_CHECKING

from optuna import Study
from optuna.importance import FanovaImportanceEvaluator
from optuna.trial import FrozenTrial, TrialState

from mien.errors import SearchError
from mien.plotting import to_png
from mien.studies.search.search import Search
from mien.studies.search.storage import quiet_optuna
from mien.writing import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_AXES = {"accuracy": "validation accuracy", "parameters": "parameters", "latency": "latency (ms)"}


def draw_plots(search: Search, study: Study, folder: Path) -> list[Path]:
    """Draw what there is to see into PNG files and return them.

    ``history.png`` has the accuracy of each complete trial, ``importance.png`` the share of its variance that each
    setting explains (functional analysis of variance on a random forest), ``front.png`` the objectives against each
    other where there are several.

    Source: Hutter et al., An Efficient Approach for Assessing Hyperparameter Importance, ICML 2014.

    Args:
        search: The search.
        study: Its trials.
        folder: Where the files go.

    Raises:
        SearchError: If fewer than two trials are complete.
    """
    import matplotlib
    from matplotlib import pyplot as plt
    from matplotlib.ticker import MaxNLocator

    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if len(complete) < 2:
        raise SearchError(f"{search.name}: plots need two complete trials, found {len(complete)}")
    files = []
    # Optuna draws by pyplot, sets a style for good and gives no figure of its own.
    with quiet_optuna(), matplotlib.rc_context():
        for name, axes in _draw(search, study, complete).items():
            figure = axes.get_figure(root=True)
            assert figure is not None
            if name == "history":
                axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            height = 1.2 + 0.28 * len(axes.get_yticks()) if name == "importance" else 0
            figure.set_size_inches(9, max(5, height))
            figure.set_layout_engine("tight")
            files.append(write_atomically(folder / f"{name}.png", to_png(figure)))
            plt.close(figure)
    return files


def _draw(search: Search, study: Study, complete: list[FrozenTrial]) -> dict[str, "Axes"]:
    from optuna.visualization.matplotlib import (
        plot_optimization_history,
        plot_param_importances,
        plot_pareto_front,
    )

    place = search.objectives.index("accuracy")
    label = _AXES["accuracy"]

    def accuracy(trial: FrozenTrial) -> float:
        return float(trial.values[place])

    drawn = {
        # Where there is one objective, Optuna draws the best so far too.
        "history": plot_optimization_history(
            study, target=accuracy if len(search.objectives) > 1 else None, target_name=label
        )
    }
    if len({accuracy(trial) for trial in complete}) > 1:
        drawn["importance"] = plot_param_importances(
            study, evaluator=FanovaImportanceEvaluator(seed=0), target=accuracy, target_name=label
        )
    if len(search.objectives) > 1:
        drawn["front"] = plot_pareto_front(study, target_names=[_AXES[each] for each in search.objectives])
    return drawn
