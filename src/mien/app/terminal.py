"""The terminal: the console on which tables are printed, and quiet from libraries that write to it themselves."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def create_console() -> "Console":
    """Return a console on standard output; in a pipe or a file, which have no width, it folds nothing."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 10_000)


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
