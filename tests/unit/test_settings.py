import tomllib
from pathlib import Path

import pytest

from mien.errors import MienError, RecipeError
from mien.settings import parse_setting, read_toml, to_toml


def test_read_toml_gives_what_the_file_says(tmp_path: Path) -> None:
    file = tmp_path / "some.toml"
    file.write_text('name = "é"\n[part]\nnumbers = [1, 2.5]\n', encoding="utf-8")
    assert read_toml(file, noun="recipe") == {"name": "é", "part": {"numbers": [1, 2.5]}}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"name = ", ": not a TOML file ("),
        (b"\xff\xfe\x00", ": not a TOML file ('utf-8' codec"),
        (None, " does not exist; expected a recipe in TOML"),
    ],
    ids=["toml", "text", "missing"],
)
def test_read_toml_says_what_is_wrong_in_one_line(tmp_path: Path, content: bytes | None, message: str) -> None:
    file = tmp_path / "some.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(RecipeError) as raised:
        read_toml(file, noun="recipe")
    assert str(raised.value).startswith(f"{file}{message}")
    assert "\n" not in str(raised.value)


def test_read_toml_names_a_folder(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="not a TOML file"):
        read_toml(tmp_path, noun="recipe")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("width=24", ("width", 24)),
        (" dropout = 0.3", ("dropout", 0.3)),
        ("pooling=average", ("pooling", "average")),
        ('pooling="max"', ("pooling", "max")),
        ("hidden=[512, 256]", ("hidden", [512, 256])),
        ("norm=true", ("norm", True)),
        ("note=a=b", ("note", "a=b")),
        ("note=", ("note", "")),
    ],
)
def test_parse_setting_reads_values_as_toml_and_bare_words_as_text(text: str, expected: tuple[str, object]) -> None:
    assert parse_setting(text) == expected


@pytest.mark.parametrize("text", ["width", "=24", ""])
def test_parse_setting_refuses_what_is_no_setting(text: str) -> None:
    with pytest.raises(MienError, match=rf"^'{text}' is no setting; expected width=24$"):
        parse_setting(text, expected="width=24")


@pytest.mark.parametrize(
    "value",
    [
        True,
        3,
        1e-5,
        0.1,
        "two words",
        'a "quote" \\ and\nanother\x7fline',
        "é",
        [1, [2.5, "x"]],
        {"a b": {"c": [False]}},
    ],
    ids=str,
)
def test_to_toml_gives_what_toml_reads_as_the_same(value: object) -> None:
    assert tomllib.loads(f"value = {to_toml(value)}") == {"value": value}


def test_to_toml_leaves_out_what_toml_has_no_word_for() -> None:
    assert to_toml({"kept": 1, "gone": None}) == '{"kept" = 1}'
