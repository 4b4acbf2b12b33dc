"""Options that take one of a few words: networks and blocks refuse others here, all in the same words."""

from collections.abc import Iterable


def check_choice(option: str, value: str, known: Iterable[str]) -> None:
    """Refuse a word that an option does not know.

    Args:
        option: Name of the option, as it is set.
        value: What it was set to.
        known: The words it knows, at least two.

    Raises:
        ValueError: If `value` is not among them; the message names them all.

    Example:
        >>> check_choice("padding", "full", ("same", "valid"))
        Traceback (most recent call last):
        ...
        ValueError: padding is 'full'; expected 'same' or 'valid'
    """
    words = [repr(word) for word in known]
    if repr(value) not in words:
        expected = " or ".join(words) if len(words) == 2 else f"one of {', '.join(words)}"
        raise ValueError(f"{option} is {value!r}; expected {expected}")
