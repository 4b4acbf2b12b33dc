"""The console on which tables are printed."""

import sys

from rich.console import Console


def create_console() -> Console:
    """Return a console on standard output; in a pipe or a file, which have no width, it folds nothing."""
    return Console(width=None if sys.stdout.isatty() else 10_000)
