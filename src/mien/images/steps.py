"""Preparation steps as people write them: in TOML, on the command line, and back again as text.

A step is a table ``{operation = "resize", size_hw = [48, 48]}`` or a text ``resize:size_hw=[48,48],filter=lanczos``;
an operation without arguments is its bare name. A chain in one text has blanks between its steps.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from mien.errors import MienError
from mien.settings import parse_setting

Step = Mapping[str, object]
"""A step as recipes and contracts write it: ``{"operation": name, **arguments}``."""

WrittenSteps = str | Sequence[str | Step]
"""A chain as a person may write it: one text, or a list of texts and tables."""

EXAMPLE = "resize:size_hw=[48,48],filter=lanczos"

_BARE_WORD = re.compile(r"[A-Za-z_./][A-Za-z0-9_./-]*")
_TOML_WORDS = frozenset({"true", "false", "inf", "nan"})
_CLOSING = {"[": "]", "{": "}"}


def read_steps(written: WrittenSteps) -> list[dict[str, object]]:
    """Return a chain of steps as plain tables, however it was written.

    Args:
        written: One text with blanks between the steps, or a list of texts and tables.

    Raises:
        MienError: If a text is no step, or an entry is neither text nor table or names no operation.

    Example:
        >>> read_steps(["to_grey", {"operation": "resize", "size_hw": [48, 48]}])
        [{'operation': 'to_grey'}, {'operation': 'resize', 'size_hw': [48, 48]}]
    """
    if isinstance(written, str):
        return [parse_step(text) for text in _split(written, is_separator=str.isspace)]
    if not isinstance(written, Sequence):
        raise MienError(f"steps must be a list of names and tables, got {written!r}; for example {EXAMPLE!r}")
    return [read_step(each) for each in written]


def read_step(written: object) -> dict[str, object]:
    """Return one step as a plain table.

    Args:
        written: A text such as ``"to_grey"`` or ``"resize:size_hw=[48,48]"``, or a table.

    Raises:
        MienError: If a text is no step, or it is neither text nor table, or the table names no operation.
    """
    if isinstance(written, str):
        return parse_step(written)
    if not isinstance(written, Mapping):
        raise MienError(f"a step must be a name or a table with an operation, got {written!r}")
    if not isinstance(written.get("operation"), str):
        raise MienError(f"a step must name its operation, got {dict(written)!r}")
    return dict(written)


def parse_step(text: str) -> dict[str, object]:
    """Return the step of a text ``operation`` or ``operation:key=value,key=value``.

    Values are TOML; a bare word is text.

    Args:
        text: What was typed.

    Raises:
        MienError: If there is no operation, an argument is no ``key=value`` or stands twice, or a bracket or quote is
            left open.

    Example:
        >>> parse_step("resize:size_hw=[224,224],filter=lanczos")
        {'operation': 'resize', 'size_hw': [224, 224], 'filter': 'lanczos'}
    """
    name, colon, rest = text.strip().partition(":")
    if not re.fullmatch(r"[A-Za-z_]\w*", name):
        raise MienError(f"{text!r} is no step; expected an operation's name and its arguments, such as {EXAMPLE!r}")
    step: dict[str, object] = {"operation": name}
    settings = _split(rest, is_separator=lambda character: character == ",")
    if colon and not settings:
        raise MienError(f"{text!r} has no arguments behind the colon; leave it out, or write such as {EXAMPLE!r}")
    for setting in settings:
        try:
            key, value = parse_setting(setting.strip(), expected=f"key=value, such as {EXAMPLE!r}")
        except MienError as fault:
            raise MienError(f"step {text!r}: {fault}") from None
        if key in step:
            raise MienError(f"step {text!r}: {key!r} stands twice")
        step[key] = value
    return step


def describe_steps(steps: Sequence[Step]) -> str:
    """Return a chain as the text that ``read_steps`` reads; arrays that were fitted are left out.

    Args:
        steps: Steps as tables.

    Example:
        >>> describe_steps([{"operation": "to_grey"}, {"operation": "resize", "size_hw": [48, 48]}])
        'to_grey resize:size_hw=[48,48]'
    """
    return " ".join(map(describe_step, steps))


def describe_step(step: Step) -> str:
    """Return a step as the text that ``parse_step`` reads; arrays that were fitted are left out.

    Args:
        step: The step as a table.
    """
    arguments = [
        f"{key}={_value_text(value)}"
        for key, value in step.items()
        if key != "operation" and not isinstance(value, np.ndarray)
    ]
    return str(step["operation"]) + (":" + ",".join(arguments) if arguments else "")


def _split(text: str, *, is_separator: Callable[[str], bool]) -> list[str]:
    """Return the parts between separators that stand outside of brackets and quotes."""
    parts = [""]
    opened: list[str] = []
    quote = ""
    is_escaped = False
    for character in text:
        if not quote and not opened and is_separator(character):
            parts.append("")
            continue
        parts[-1] += character
        if quote:
            quote = "" if character == quote and not is_escaped else quote
            is_escaped = quote == '"' and character == "\\" and not is_escaped  # as TOML has it
        elif character in "\"'":
            quote = character
        elif character in _CLOSING:
            opened.append(_CLOSING[character])
        elif opened and character == opened[-1]:
            opened.pop()
    if quote or opened:
        raise MienError(f"{text!r}: {quote or opened[-1]!r} is missing; a bracket or quote is left open")
    return [part for part in parts if part.strip()]


def _value_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        is_bare = _BARE_WORD.fullmatch(value) is not None and value not in _TOML_WORDS
        return value if is_bare else json.dumps(value).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_value_text, value))}]"
    return repr(value)
