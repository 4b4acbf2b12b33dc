"""Ctrl-C while files are half written: the work ends between two frames, and files are finished or removed."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

EXIT_INTERRUPTED = 130
"""Exit status after Ctrl-C."""

_WORDS = b"\nnote: stopping, and finishing or removing files that are not whole; Ctrl-C once more leaves them\n"


@contextmanager
def deferring_interrupts() -> Iterator[Callable[[], None]]:
    """Give a function that raises KeyboardInterrupt if Ctrl-C was pressed; it does not come anywhere else in the block.

    The second Ctrl-C prints a line, the third ends the process at once. One that was not asked for is raised at the end
    of the block. Elsewhere than in the main thread, which alone is interrupted, nothing is deferred.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    num_interrupts, is_raised = 0, False

    def count(number: int, frame: FrameType | None) -> None:
        nonlocal num_interrupts
        num_interrupts += 1
        if num_interrupts == 2:
            os.write(2, _WORDS)  # print may be what was interrupted
        elif num_interrupts > 2:
            os._exit(EXIT_INTERRUPTED)

    def check() -> None:
        nonlocal is_raised
        if num_interrupts and not is_raised:
            is_raised = True
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, count)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, before)
    check()
