"""The vocabulary: names and orders of expressions, and how the names of data sets map to them.

Readers, models and results all take their names from here.
"""

from mien.errors import DataError, suggest

FER2013_EXPRESSIONS: tuple[str, ...] = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""The seven classes of FER2013 in the order of its label numbers 0 to 6."""

FERPLUS_VOTE_NAMES: tuple[str, ...] = (
    "neutral",
    "happy",
    "surprise",
    "sad",
    "angry",
    "disgust",
    "fear",
    "contempt",
    "unknown",
    "not_a_face",
)
"""The ten vote columns of FER+ (``fer2013new.csv``) in file order, in mien's names."""

_SYNONYMS: dict[str, str] = {
    "anger": "angry",
    "an": "angry",
    "ang": "angry",
    "disgusted": "disgust",
    "di": "disgust",
    "dis": "disgust",
    "fearful": "fear",
    "afraid": "fear",
    "fe": "fear",
    "happiness": "happy",
    "joy": "happy",
    "ha": "happy",
    "hap": "happy",
    "sadness": "sad",
    "sa": "sad",
    "surprised": "surprise",
    "su": "surprise",
    "sur": "surprise",
    "ne": "neutral",
    "neu": "neutral",
    "nf": "not_a_face",
}


def expression_named(label: str) -> str:
    """Return mien's name for a data set's label name, whatever its case, spaces or common spelling.

    Args:
        label: Name as a file, folder or column spells it.

    Raises:
        DataError: If no expression goes by that name.

    Example:
        >>> expression_named(" Happiness ")
        'happy'
    """
    key = label.strip().lower().replace(" ", "_").replace("-", "_")
    known = {*FERPLUS_VOTE_NAMES}
    if key in known:
        return key
    if key in _SYNONYMS:
        return _SYNONYMS[key]
    raise DataError(f"no expression is called {label.strip()!r}{suggest(key, known | _SYNONYMS.keys())}")
