from collections.abc import Callable
from pathlib import Path


def test_campaign_show_writes_a_document(tiny_recipe_file: Path, tmp_path: Path, run: Callable[..., object]) -> None:
    file = tiny_recipe_file.with_name("seeds.toml")
    file.write_text('name = "seeds"\nquestion = "Why?"\nrecipe = "tiny.toml"\n[variants]\nfirst = []\n')
    ran = run("campaign", "show", file, "--results", tmp_path, "--write", tmp_path / "docs" / "campaigns.md")
    assert ran.code == 0
    assert ran.out == f"{tmp_path / 'docs' / 'campaigns.md'}: 1 campaigns written\n"
    text = (tmp_path / "docs" / "campaigns.md").read_text()
    assert "Why?" in text
    assert "not trained yet" in text
