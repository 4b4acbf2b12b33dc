"""Quiet from libraries that write to standard error themselves: their lines name no file, and a fault gets its own.

The command line reads pictures in it; videos and cameras are opened, read and written in it.
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import cv2

# What is switched belongs to the whole process: of two threads, the second would restore the first one's silence.
_STANDARD_ERROR, _LOG_LEVEL = threading.RLock(), threading.Lock()
_levels_before: list[int] = []  # the level at first, once for each silence that lasts


@contextmanager
def silencing_native_libraries() -> Iterator[None]:
    """Drop what is written to standard error inside the block, such as libtiff about a damaged file; by any thread."""
    with _STANDARD_ERROR:
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


@contextmanager
def silencing_opencv() -> Iterator[None]:
    """Drop OpenCV's own warnings inside the block, such as ``[ WARN:0@0.1] global cap.cpp``; threads do not wait."""
    with _LOG_LEVEL:
        level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        _levels_before.append(_levels_before[0] if _levels_before else level)
    try:
        yield
    finally:
        with _LOG_LEVEL:
            level = _levels_before.pop()
            if not _levels_before:
                cv2.utils.logging.setLogLevel(level)
