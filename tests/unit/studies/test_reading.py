from pathlib import Path

import pytest

from mien.errors import RecipeError
from mien.studies.reading import read_section
from mien.training.data_settings import SplitSettings


def test_read_section_gives_what_the_file_says(tmp_path: Path) -> None:
    file = tmp_path / "split.toml"
    file.write_text("validation = 0.25\n")
    assert read_section(file, SplitSettings, noun="split") == SplitSettings(validation=0.25)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("validation", "not a TOML file"),
        ('validation = "x"\ntest = 2.0\nsaed = 1', "validation: .*; test: .*; saed: Extra inputs"),
        (None, "does not exist; expected a split in TOML"),
    ],
    ids=["toml", "faults", "missing"],
)
def test_read_section_says_what_is_wrong_in_one_line(tmp_path: Path, text: str | None, message: str) -> None:
    file = tmp_path / "split.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(RecipeError, match=message) as raised:
        read_section(file, SplitSettings, noun="split")
    assert "\n" not in str(raised.value)
