from collections.abc import Callable
from pathlib import Path


def test_campaign_run_trains_and_compares(tiny_recipe_file: Path, tmp_path: Path, run: Callable[..., object]) -> None:
    file = tiny_recipe_file.with_name("seeds.toml")
    file.write_text('name = "seeds"\nquestion = "?"\nrecipe = "tiny.toml"\n[variants]\nfirst = []\n')
    ran = run("campaign", "run", file, "--runs", tmp_path / "runs", "--results", tmp_path / "results")
    assert ran.code == 0
    assert "run 1 of 1: first, seed 0" in ran.out
    assert "compared with" in ran.out
    assert (tmp_path / "results" / "campaigns" / "seeds.csv").exists()
    shown = run("campaign", "show", file, "--results", tmp_path / "results")
    assert shown.out.startswith("seeds: ?")
    assert "compared with" in shown.out


def test_campaign_run_names_a_missing_file(tmp_path: Path, run: Callable[..., object]) -> None:
    ran = run("campaign", "run", tmp_path / "none.toml")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "does not exist; expected a campaign in TOML" in ran.err
