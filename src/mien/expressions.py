"""The vocabulary: names and orders of expressions, and how the names of data sets map to them.

Readers, models and results all take their names from here.
"""

import re
from collections.abc import Iterable

from mien.errors import DataError, suggest

FER2013_EXPRESSIONS: tuple[str, ...] = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""The seven classes of FER2013 in the order of its label numbers 0 to 6."""

SIX_EXPRESSIONS: tuple[str, ...] = ("angry", "fear", "happy", "sad", "surprise", "neutral")
"""FER2013's classes without disgust, as copies with six folders have them."""

FERPLUS_EXPRESSIONS: tuple[str, ...] = (
    "neutral",
    "happy",
    "surprise",
    "sad",
    "angry",
    "disgust",
    "fear",
    "contempt",
)
"""The eight classes of FER+ in the order of its columns."""

FERPLUS_VOTE_NAMES: tuple[str, ...] = (*FERPLUS_EXPRESSIONS, "unknown", "not_a_face")
"""The ten vote columns of FER+ (``fer2013new.csv``) in file order, in mien's names."""

CK_PLUS_EXPRESSIONS: tuple[str, ...] = ("angry", "contempt", "disgust", "fear", "happy", "sad", "surprise")
"""The seven classes of CK+ in the order of its label numbers 1 to 7; 0 is neutral."""

RAF_DB_EXPRESSIONS: tuple[str, ...] = ("surprise", "fear", "disgust", "happy", "sad", "angry", "neutral")
"""The seven basic classes of RAF-DB in the order of its label numbers 1 to 7."""

RAF_DB_COMPOUND_EXPRESSIONS: tuple[str, ...] = (
    "happily_surprised",
    "happily_disgusted",
    "sadly_fearful",
    "sadly_angry",
    "sadly_surprised",
    "sadly_disgusted",
    "fearfully_angry",
    "fearfully_surprised",
    "angrily_surprised",
    "angrily_disgusted",
    "disgustedly_surprised",
)
"""The eleven compound classes of RAF-DB in the order of its label numbers 1 to 11."""

VOCABULARIES: dict[str, tuple[str, ...]] = {
    "fer2013": FER2013_EXPRESSIONS,
    "six": SIX_EXPRESSIONS,
    "ferplus": FERPLUS_EXPRESSIONS,
    "ck_plus": CK_PLUS_EXPRESSIONS,
    "ck_plus_neutral": ("neutral", *CK_PLUS_EXPRESSIONS),
    "raf_db": RAF_DB_EXPRESSIONS,
    "raf_db_compound": RAF_DB_COMPOUND_EXPRESSIONS,
}
"""Lists of classes by name, each in the label order of the data set it is named after."""

_IN_ORDER = (*FER2013_EXPRESSIONS, "contempt", "unknown", "not_a_face", *RAF_DB_COMPOUND_EXPRESSIONS)

_SPELLINGS: dict[str, str] = {
    "angry": "anger angered angery angrey an ang",
    "disgust": "disgusted disgusting digust di dis",
    "fear": "fearful fearfull afraid scared af fe fea",
    "happy": "happiness happyness hapiness happines joy joyful ha hap",
    "sad": "sadness sadnes saddness sa",
    "surprise": "surprised surprising suprise suprised surprize surpise su sur",
    "neutral": "neutrality nuetral netural ne neu",
    "contempt": "contemptuous contemp comtempt co con",
    "unknown": "unsure uncertain",
    "not_a_face": "nf no_face non_face not_face noface nonface",
    "happily_surprised": "happy_surprised happy_surprise happiness_surprise",
    "happily_disgusted": "happy_disgusted happy_disgust happiness_disgust",
    "sadly_fearful": "sad_fearful sad_fear sadness_fear",
    "sadly_angry": "sad_angry sadness_anger",
    "sadly_surprised": "sad_surprised sad_surprise sadness_surprise",
    "sadly_disgusted": "sad_disgusted sad_disgust sadness_disgust",
    "fearfully_angry": "fear_angry fear_anger",
    "fearfully_surprised": "fear_surprised fear_surprise",
    "angrily_surprised": "angry_surprised angry_surprise anger_surprise",
    "angrily_disgusted": "angry_disgusted angry_disgust anger_disgust",
    "disgustedly_surprised": "disgust_surprised disgust_surprise",
}
_SYNONYMS = {spelling: name for name, spellings in _SPELLINGS.items() for spelling in spellings.split()}
_NUMBER_IN_FRONT = re.compile(r"^\d+_*(?=[^\d_])")


def expression_named(label: str) -> str:
    """Return mien's name for a data set's label name, whatever its case, separators or common spelling.

    A number in front (``0_anger``, ``03 - Happy``) is passed over. A number alone is no name: which expression it
    stands for differs from one data set to the next.

    Args:
        label: Name as a file, folder or column spells it.

    Raises:
        DataError: If no expression goes by that name.

    Example:
        >>> expression_named(" Happiness "), expression_named("4-Suprise"), expression_named("Sadly Angry")
        ('happy', 'surprise', 'sadly_angry')
    """
    key = _NUMBER_IN_FRONT.sub("", re.sub(r"[\W_]+", "_", label.strip().lower()).strip("_"))
    if key in _SPELLINGS:
        return key
    if key in _SYNONYMS:
        return _SYNONYMS[key]
    hint = suggest(key, _SPELLINGS.keys() | _SYNONYMS.keys())
    if "did you mean" not in hint:
        hint = f"; known: {', '.join(_IN_ORDER[:8])} and others"
    raise DataError(f"no expression is called {label.strip()!r}{hint}")


def order_expressions(names: Iterable[str]) -> tuple[str, ...]:
    """Return class names without repeats in mien's usual order: FER2013's seven, contempt, then all others.

    Args:
        names: Names as `expression_named` gives them.

    Raises:
        DataError: If one of them is no expression.

    Example:
        >>> order_expressions({"happy", "contempt", "angry"})
        ('angry', 'happy', 'contempt')
    """
    return tuple(sorted({expression_named(name) for name in names}, key=_IN_ORDER.index))


def find_vocabulary(expressions: Iterable[str] | str) -> tuple[str, ...]:
    """Return a list of classes.

    Args:
        expressions: Name of one of the `VOCABULARIES`, or the classes one by one in label order, in any spelling.

    Raises:
        DataError: If there is no such vocabulary, a class is no expression or stands twice, or there are none.

    Example:
        >>> find_vocabulary("six") == find_vocabulary(["Anger", "FE", "Joy", "sadness", "suprise", "neutral"])
        True
    """
    if isinstance(expressions, str):
        if expressions not in VOCABULARIES:
            raise DataError(f"unknown vocabulary {expressions!r}{suggest(expressions, VOCABULARIES)}")
        return VOCABULARIES[expressions]
    names = tuple(expression_named(each) for each in expressions)
    if not names or len(set(names)) < len(names):
        raise DataError(f"classes are {', '.join(names) or 'none'}; expected at least one, and each once")
    return names
