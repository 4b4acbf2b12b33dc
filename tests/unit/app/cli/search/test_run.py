from collections.abc import Callable
from pathlib import Path

import pytest

SEARCH = """
name = "widths"
question = "Which width?"
recipe = "tiny.toml"
changes = ["training.epochs=1"]
sampler = "grid"
trials = 1
[space]
"model.width" = { choices = [4, 6] }
"""


@pytest.fixture
def search_file(tiny_recipe_file: Path) -> Path:
    file = tiny_recipe_file.with_name("widths.toml")
    file.write_text(SEARCH)
    return file


def test_search_run_trains_and_show_tells_what_was_found(
    search_file: Path, tmp_path: Path, run: Callable[..., object]
) -> None:
    folders = ("--runs", tmp_path / "runs")
    begun = run("search", "run", search_file, *folders, "--results", tmp_path / "results", "--budget", 0)
    assert "trained trials: 0; the budget is spent" in begun.out
    assert "trials: none has ended yet" in begun.out
    ran = run("search", "run", search_file, *folders, "--results", tmp_path / "results", "--trials", 2)
    assert ran.code == 0
    assert ran.out.count("trial 0, model.width=") == ran.out.count("trial 1, model.width=") == 1
    assert "trials: 2 complete" in ran.out
    assert len((tmp_path / "results" / "searches" / "widths.csv").read_text().splitlines()) == 3
    plots, best, campaign = tmp_path / "plots", tmp_path / "best.toml", tmp_path / "campaign.toml"
    written = ("--plots", plots, "--write-best", best, "--write-campaign", campaign, "--trial", 1)
    shown = run("search", "show", search_file, *folders, *written)
    assert shown.code == 0
    assert shown.out.startswith("widths: Which width?\ntrials: 2 complete\n")
    assert f"{best}: trial 1, model.width=" in shown.out
    assert str(plots / "history.png") in shown.out
    assert all(file.exists() for file in (plots / "history.png", best, campaign))


def test_search_run_names_faults_in_one_line(search_file: Path, tmp_path: Path, run: Callable[..., object]) -> None:
    search_file.write_text(SEARCH.replace("width", "widht"))
    ran = run("search", "run", search_file, "--runs", tmp_path)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "did you mean 'width'" in ran.err
