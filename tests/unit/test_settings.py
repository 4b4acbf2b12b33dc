import tomllib

import pytest

from mien.errors import MienError
from mien.settings import parse_setting, to_toml


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
