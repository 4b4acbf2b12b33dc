"""The terminal: the console on which tables are printed, and a line that counts."""

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def create_console() -> "Console":
    """Return a console on standard output; in a pipe or a file, which have no width, it folds nothing."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 10_000)


class ProgressLine:
    """A count on standard error that overwrites itself; nothing where standard error is no terminal.

    Args:
        total: How many there are; below two nothing is shown. None: nobody knows.
        noun: What is counted.
        is_shown: Whether to show it at all.
    """

    def __init__(self, total: int | None, *, noun: str, is_shown: bool = True) -> None:
        self._total, self._noun = total, noun
        self._is_shown = is_shown and total not in (0, 1) and sys.stderr.isatty()
        self._shown_at = 0.0
        self._started = time.monotonic()

    def show(self, number: int) -> None:
        """Show how many are done, at most ten times a second, and after a few seconds how long the rest will take."""
        now = time.monotonic()
        if self._is_shown and now - self._shown_at >= 0.1:
            self._shown_at = now
            of_total = "" if self._total is None else f" of {max(self._total, number)}"
            line = f"{number}{of_total} {self._noun}{self._remaining(number, now - self._started)}"
            print(f"\r{_CLEAR_LINE}{line}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Take the line away, so that something else can be printed."""
        if self._is_shown and self._shown_at:
            print(f"\r{_CLEAR_LINE}", end="", file=sys.stderr, flush=True)

    def _remaining(self, number: int, passed_s: float) -> str:
        if self._total is None or not 0 < number < self._total or passed_s < _SECONDS_BEFORE_AN_ESTIMATE:
            return ""
        minutes, seconds = divmod(round(passed_s * (self._total - number) / number), 60)
        return f", {minutes}:{seconds:02} left"


_SECONDS_BEFORE_AN_ESTIMATE = 3.0
_CLEAR_LINE = "\x1b[K"
