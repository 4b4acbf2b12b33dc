"""Folders of the user that mien keeps things in: caches of data sets, weights that were fetched."""

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """Return mien's cache folder: ``MIEN_CACHE``, or ``mien`` in the cache folder of the user."""
    chosen = os.environ.get("MIEN_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "mien"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mien"


def weights_folder() -> Path:
    """Return the folder of weights that mien does not bring: ``MIEN_WEIGHTS``, or ``weights`` in the cache folder."""
    chosen = os.environ.get("MIEN_WEIGHTS")
    return Path(chosen).expanduser() if chosen else cache_folder() / "weights"
