"""The terminal: the console on which tables are printed, and quiet from libraries that write to it themselves."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
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
        total: How many there are; below two nothing is shown.
        noun: What is counted.
        is_shown: Whether to show it at all.
    """

    def __init__(self, total: int, *, noun: str, is_shown: bool = True) -> None:
        self._total, self._noun = total, noun
        self._is_shown = is_shown and total > 1 and sys.stderr.isatty()
        self._shown_at = 0.0

    def show(self, number: int) -> None:
        """Show how many are done, at most ten times a second."""
        now = time.monotonic()
        if self._is_shown and now - self._shown_at >= 0.1:
            self._shown_at = now
            print(f"\r{_CLEAR_LINE}{number} of {self._total} {self._noun}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Take the line away, so that something else can be printed."""
        if self._is_shown and self._shown_at:
            print(f"\r{_CLEAR_LINE}", end="", file=sys.stderr, flush=True)


_CLEAR_LINE = "\x1b[K"


@contextmanager
def silencing_native_libraries() -> Iterator[None]:
    """Drop what libraries in C write to standard error inside the block, such as libtiff about a damaged file.

    Their lines name no file; the fault itself is raised and gets its own line. Only for one thread.
    """
    try:
        kept = os.dup(2)
    except OSError:  # standard error is closed
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        sys.stderr.flush()
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)
