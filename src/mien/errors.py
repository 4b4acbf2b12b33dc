"""The errors mien knows; the command line prints each as one line and exits with 2.

A message says what must hold, what came, and what to do about it.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class MienError(Exception):
    """A fault that mien expects: its message is meant for the person at the keyboard."""


class PictureError(MienError):
    """A picture that cannot be read; ``status`` is the short word that results carry.

    Args:
        message: One line that names the file.
        status: ``missing``, ``empty``, ``truncated``, ``too_large``, ``not_a_picture`` or ``unreadable``.
    """

    def __init__(self, message: str, *, status: str) -> None:
        super().__init__(message)
        self.status = status


class NoFaceError(PictureError):
    """A picture in which a step of preparation finds no face; its status is ``no_face``.

    Args:
        message: One line that names the detector.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message, status="no_face")


class VideoError(MienError):
    """A video that cannot be read or written; ``status`` is the short word that results carry.

    Args:
        message: One line that names the file.
        status: ``missing``, ``empty``, ``too_large``, ``not_a_video``, ``no_frames`` or ``unreadable``.
    """

    def __init__(self, message: str, *, status: str) -> None:
        super().__init__(message)
        self.status = status


class ModelFileError(MienError):
    """A model file that is missing, cut, foreign, or whose contract is broken."""


class DataError(MienError):
    """A data set that cannot be read or does not hold what it must."""


class RecipeError(MienError):
    """A recipe with faults; the message lists them all."""


class SearchError(MienError):
    """A search whose storage cannot be used, or of which nothing can be told yet."""


class ProtocolError(MienError):
    """A judgement that would not be honest: the split was seen, or copies stand on both sides."""


class RunFolderError(MienError):
    """A run folder that is missing, damaged, or belongs to another recipe."""


class TrainingError(MienError):
    """A run that cannot go on as it is: its loss or its weights are not finite any more."""


class WeightsError(MienError):
    """Weights that cannot be read or do not fit the network."""


class ExportError(MienError):
    """An exported network that does not agree with the trained one."""


class EngineError(MienError):
    """An engine that is unknown, or cannot be used on this machine."""


class ExplanationError(MienError):
    """An explanation that a model cannot be given, such as a map of attention that it does not pay."""


class MissingExtraError(MienError):
    """A package that the light install does not bring.

    Args:
        package: Import name of the missing package.
        extra: The extra of mien that brings it.
    """

    def __init__(self, package: str, *, extra: str) -> None:
        super().__init__(f"this needs the package {package!r}; install it with: pip install 'mien[{extra}]'")


def suggest(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the closest known name, or the list of names when none is close.

    Args:
        name: What was asked for.
        known: The names that exist.
    """
    names = sorted(known)
    close = get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known: {', '.join(names)}" if names else ""
