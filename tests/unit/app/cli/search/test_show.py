from collections.abc import Callable
from pathlib import Path


def test_search_show_names_a_search_that_was_not_begun(
    tiny_recipe_file: Path, tmp_path: Path, run: Callable[..., object]
) -> None:
    file = tiny_recipe_file.with_name("widths.toml")
    file.write_text(
        'name = "widths"\nquestion = "?"\nrecipe = "tiny.toml"\n[space]\n"model.width" = { choices = [4, 6] }\n'
    )
    ran = run("search", "show", file, "--runs", tmp_path / "runs")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "journal.log does not exist; begin the search with: mien search run" in ran.err
    assert not (tmp_path / "runs").exists()
