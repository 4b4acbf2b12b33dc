"""mien reads facial expressions from pictures, and trains, judges and ships the models that do so.

Example:
    >>> import mien
    >>> mien.analyze("missing.jpg").status
    'missing'
"""

import os
from typing import TYPE_CHECKING

__version__ = "0.1.0"

# ONNX Runtime 1.31 reports its use over the internet, from its import on, and keeps files in ~/.cache for that.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

if TYPE_CHECKING:
    from mien.errors import MienError
    from mien.recognition.analyzer import Analyzer, analyze
    from mien.recognition.explanation import Explanation, explain
    from mien.recognition.results import Recognition, Recognitions
    from mien.recognition.video.analysis import VideoAnalysis, analyze_video
    from mien.recognition.video.live import LiveAnalysis, watch
    from mien.structures import Face

__all__ = [
    "Analyzer",
    "Explanation",
    "Face",
    "LiveAnalysis",
    "MienError",
    "Recognition",
    "Recognitions",
    "VideoAnalysis",
    "__version__",
    "analyze",
    "analyze_video",
    "explain",
    "watch",
]

_HOMES = {
    "Analyzer": "mien.recognition.analyzer",
    "analyze": "mien.recognition.analyzer",
    "Explanation": "mien.recognition.explanation",
    "explain": "mien.recognition.explanation",
    "Face": "mien.structures",
    "MienError": "mien.errors",
    "Recognition": "mien.recognition.results",
    "Recognitions": "mien.recognition.results",
    "VideoAnalysis": "mien.recognition.video.analysis",
    "analyze_video": "mien.recognition.video.analysis",
    "LiveAnalysis": "mien.recognition.video.live",
    "watch": "mien.recognition.video.live",
}


def __getattr__(name: str) -> object:
    """Return a public name from its module, imported when it is first used: ``import mien`` itself stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'mien' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
