"""What saw data before a run began: its starting weights and teachers, what these began with, and sets added to them.

The list stands in ``run.json``, in saved predictions and in the contract of a model file, so that no later figure, on
whatever data set, can be blind to it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, NamedTuple

from mien.data import DATASETS, FaceSet
from mien.data.face_set import SPLITS
from mien.metrics.predictions import TRAINED_ON, UNKNOWN


@dataclass(frozen=True)
class Forerunner:
    """Weights that saw data before a run began.

    Args:
        source: Run folder, model or file that they came from.
        data_set: Data set that they were trained on; ``unknown`` where nobody knows. Sets added stand behind ``+``.
        splits_seen: What they have seen of its splits, such as ``{"training": "trained on"}``.
        has_published_splits: Whether its splits were its own.
        data_fingerprint: Fingerprint of the faces in their splits; empty where nobody knows.
        weights_fingerprint: SHA-256 of the weights.
        is_leaky: Whether their figures would say "leaky".
    """

    source: str
    data_set: str = UNKNOWN
    splits_seen: Mapping[str, str] = field(default_factory=dict)
    has_published_splits: bool = True
    data_fingerprint: str = ""
    weights_fingerprint: str = ""
    is_leaky: bool = False

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> "Forerunner":
        """Return the forerunner that stands in a list.

        Args:
            facts: Its fields by name; what else stands there is left out.
        """
        return cls(**{each.name: facts[each.name] for each in fields(cls) if each.name in facts})


def hand_on(itself: Forerunner, before: Iterable[Mapping[str, Any]] = ()) -> tuple[Forerunner, ...]:
    """Return all that whoever begins with a forerunner, or learns from it, inherits.

    Args:
        itself: The forerunner.
        before: Its own forerunners, as its run folder, model file or predictions list them.

    Returns:
        Itself, the sets added to its training, of which every split trained, and its own forerunners.
    """
    all_trained = dict.fromkeys(SPLITS, TRAINED_ON)
    fingerprint = itself.weights_fingerprint
    added = itself.data_set.split("+")[1:]
    return (
        itself,
        *(Forerunner(itself.source, name, all_trained, weights_fingerprint=fingerprint) for name in added),
        *(Forerunner.from_dict(each) for each in before),
    )


def inherit(own: Mapping[str, str], forerunners: Sequence[Forerunner], face_set: FaceSet) -> dict[str, Any]:
    """Return what ``run.json`` says of a run's forerunners, and of its data with what they had seen of it before.

    Data sets that hold each other's pictures count as one. Of the very same data, what was seen is inherited as it is;
    so it is where both were split as published, and alike. Else any split of the one may hold what the other trained
    on.

    Args:
        own: What the run sees of its splits itself.
        forerunners: Everything it inherits from.
        face_set: Its data set, in its splits.

    Returns:
        ``forerunners``, ``splits_seen``, and ``is_leaky`` where a forerunner was on these pictures; nothing of a run
        without forerunners.
    """
    if not forerunners:
        return {}
    related = [
        each for each in forerunners if _is_same(each, face_set) or has_same_pictures(each.data_set, face_set.name)
    ]
    seen = [own, *(_seen_of(face_set, each) for each in related)]
    each_once = [each for place, each in enumerate(forerunners) if each not in forerunners[:place]]
    facts = {"forerunners": [asdict(each) for each in each_once], "splits_seen": join_splits_seen(seen)}
    return facts | ({"is_leaky": True} if any(each.is_leaky for each in related) else {})


def has_same_pictures(data_set: str, other: str) -> bool:
    """Return whether two data sets, by name, hold each other's pictures; sets added for training do not count."""
    return _find_family(data_set).pictures == _find_family(other).pictures


def _is_same(forerunner: Forerunner, face_set: FaceSet) -> bool:
    """Return whether both had the same rows in the same splits, whoever cut them and whatever they are called."""
    return forerunner.data_fingerprint == face_set.fingerprint


def _seen_of(face_set: FaceSet, forerunner: Forerunner) -> dict[str, str]:
    """Return what a forerunner has seen of a data set that has its pictures; what it inherited has a name already."""
    are_published = face_set.has_published_splits and forerunner.has_published_splits
    are_alike = _find_family(forerunner.data_set).splits == _find_family(face_set.name).splits
    if not (_is_same(forerunner, face_set) or (are_published and are_alike)):
        return dict.fromkeys(SPLITS, f"may have been {TRAINED_ON} by {forerunner.source}")
    return {
        split: "; ".join(each if " by " in each else f"{each} by {forerunner.source}" for each in how.split("; "))
        for split, how in forerunner.splits_seen.items()
    }


def join_splits_seen(all_seen: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return all that several models have seen of each split, each phrase once.

    Args:
        all_seen: For each model split name to how it was seen.

    Example:
        >>> join_splits_seen([{"training": "trained on"}, {"training": "trained on", "test": "trained on by a"}])
        {'training': 'trained on', 'test': 'trained on by a'}
    """
    phrases = {
        split: [each for seen in all_seen for each in seen.get(split, "").split("; ") if each] for split in SPLITS
    }
    return {split: "; ".join(dict.fromkeys(seen)) for split, seen in phrases.items() if seen}


class _Family(NamedTuple):
    """Whose pictures and splits a data set has."""

    pictures: str
    splits: str


def _find_family(data_set: str) -> _Family:
    """Return the family of a data set by its name, behind which classes kept and sets added may stand."""
    data_set = data_set.partition("+")[0]
    name = next((each for each in DATASETS.names() if data_set == each or data_set.startswith(f"{each}-")), data_set)
    if name not in DATASETS:
        return _Family(name, name)
    card = DATASETS.get(name).card
    return _Family(card.pictures_of or name, card.pictures_of if card.shares_splits else name)
