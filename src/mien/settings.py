"""``key=value`` as a person types it; the value is TOML, a bare word is text."""

import tomllib

from mien.errors import MienError


def parse_setting(text: str, *, expected: str = "key=value") -> tuple[str, object]:
    """Return the key and the value of ``key=value``.

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
