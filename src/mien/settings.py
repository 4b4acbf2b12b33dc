"""Settings as a person writes them: files in TOML, and ``key=value`` typed. And values as TOML again."""

import json
import tomllib
from pathlib import Path
from typing import Any

from mien.errors import MienError, RecipeError


def read_toml(file: Path, *, noun: str) -> dict[str, Any]:
    """Return what a TOML file says.

    Args:
        file: The file.
        noun: What error messages call it, such as ``recipe``.

    Raises:
        RecipeError: If the file is missing or is no TOML.
    """
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecipeError(f"{file} does not exist; expected a {noun} in TOML") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as fault:
        raise RecipeError(f"{file}: not a TOML file ({fault})") from None


def parse_setting(text: str, *, expected: str = "key=value") -> tuple[str, object]:
    """Return the key and the value of ``key=value``; the value is TOML, a bare word is text.

    Args:
        text: What was typed.
        expected: What the error says should have come.

    Raises:
        MienError: If there is no equals sign or no key.

    Example:
        >>> parse_setting("width=24"), parse_setting("pooling=average")
        (('width', 24), ('pooling', 'average'))
    """
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise MienError(f"{text!r} is no setting; expected {expected}")
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), value


def to_toml(value: object) -> str:
    """Return a value as TOML on one line.

    Args:
        value: Text, number, truth, or a list or table of these; what a table holds as None is left out.

    Example:
        >>> to_toml([0.5, "both", True, {"name": "resize"}])
        '[0.5, "both", true, {"name" = "resize"}]'
    """
    if isinstance(value, dict):
        inside = (f"{to_toml(key)} = {to_toml(each)}" for key, each in value.items() if each is not None)
        return "{" + ", ".join(inside) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(to_toml, value)) + "]"
    # What JSON writes is TOML too, but for one sign that TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
