from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
import optuna
import pytest
from matplotlib import pyplot as plt
from PIL import Image

from mien.errors import SearchError
from mien.studies.search.plots import draw_plots
from mien.studies.search.search import Search
from mien.studies.search.space import distributions_of
from mien.studies.search.storage import quiet_optuna

Maker = Callable[..., Search]


@pytest.fixture(autouse=True)
def without_windows() -> None:
    matplotlib.use("agg")


def study_of(search: Search, count: int, *, is_level: bool = False) -> optuna.Study:
    """Return trials in which the learning rate alone decides."""
    figures = {"accuracy": "maximize", "parameters": "minimize", "latency": "minimize"}
    with quiet_optuna():
        study = optuna.create_study(
            directions=[figures[each] for each in search.objectives], sampler=optuna.samplers.RandomSampler(seed=0)
        )
        for _ in range(count):
            trial = study.ask(distributions_of(search.space))
            accuracy = 0.5 if is_level else trial.params["optimizer.learning_rate"]
            values = {"accuracy": accuracy, "parameters": 100.0 * trial.params["model.width"], "latency": 2.0}
            study.tell(trial, [values[each] for each in search.objectives])
    return study


@pytest.mark.parametrize(
    ("objectives", "names"),
    [
        (["accuracy"], ["history", "importance"]),
        (["accuracy", "parameters"], ["history", "importance", "front"]),
        (["parameters", "accuracy", "latency"], ["history", "importance", "front"]),
    ],
    ids=len,
)
def test_plots_are_drawn_and_leave_nothing_behind(
    make_search: Maker, tmp_path: Path, objectives: list[str], names: list[str]
) -> None:
    search = make_search(objectives=objectives)
    style = dict(matplotlib.rcParams)
    files = draw_plots(search, study_of(search, 8), tmp_path / "plots")
    assert files == [tmp_path / "plots" / f"{name}.png" for name in names]
    for file in files:
        picture = np.asarray(Image.open(file).convert("L"))
        assert picture.shape[1] == 900
        assert picture.std() > 5
    assert plt.get_fignums() == []
    assert dict(matplotlib.rcParams) == style


def test_nothing_explains_accuracies_that_do_not_differ(make_search: Maker, tmp_path: Path) -> None:
    search = make_search()
    files = draw_plots(search, study_of(search, 4, is_level=True), tmp_path)
    assert [file.name for file in files] == ["history.png"]


def test_the_setting_that_decides_is_the_most_important(
    make_search: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = make_search()
    drawn = []
    monkeypatch.setattr(plt, "close", drawn.append)
    draw_plots(search, study_of(search, 30), tmp_path)
    monkeypatch.undo()
    (axes,) = drawn[1].axes
    assert axes.get_xlabel() == "Hyperparameter Importance"
    # The longest bar is the topmost.
    assert [label.get_text() for label in axes.get_yticklabels()] == ["model.width", "optimizer.learning_rate"]
    plt.close("all")


@pytest.mark.parametrize("count", [0, 1])
def test_plots_need_two_complete_trials(make_search: Maker, tmp_path: Path, count: int) -> None:
    search = make_search()
    with pytest.raises(SearchError, match=f"rates: plots need two complete trials, found {count}"):
        draw_plots(search, study_of(search, count), tmp_path)
