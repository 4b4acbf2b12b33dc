"""What each training picture is to be answered with: its label, or what its annotators voted; training reads them."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from mien.data import FaceSet
from mien.errors import DataError
from mien.training.batches import epoch_generator

SHARE_OF_A_RIGHT_CLASS = 0.3
"""Classes with more than this share of a row's votes are right by the rule ``multi_target``."""


@dataclass(frozen=True, eq=False)
class Targets:
    """What the rows of the training split are to be answered with.

    Args:
        values: Labels, shape ``(N,)``, int64, or the probability of each class, shape ``(N, num_classes)``, float32.
        rule: Where they come from.
        num_by_label: Rows that kept their label, as nobody voted for any of the classes.
    """

    values: Tensor
    rule: str
    num_by_label: int

    def of_epoch(self, seed: int, epoch: int) -> Tensor:
        """Return the values; by the rule ``drawn`` labels drawn from them, the same for the same seed and epoch."""
        if self.rule != "drawn":
            return self.values
        return torch.multinomial(self.values, 1, generator=epoch_generator(seed, epoch, stream=3)).squeeze(1)

    @property
    def facts(self) -> dict[str, Any]:
        """What a run folder keeps of them: rule, counts of rows, SHA-256 over the values."""
        return {
            "rule": self.rule,
            "num_by_votes": len(self.values) - self.num_by_label,
            "num_by_label": self.num_by_label,
            "fingerprint": hashlib.sha256(self.values.numpy().tobytes()).hexdigest(),
        }

    def __str__(self) -> str:
        by_votes = len(self.values) - self.num_by_label
        return (
            f"targets {self.rule}: {by_votes:,} rows by their votes, {self.num_by_label:,} without any by their label"
        )


def to_probabilities(targets: Tensor, num_classes: int) -> Tensor:
    """Return labels as probabilities, shape ``(B, num_classes)``, float32; such as they are."""
    return F.one_hot(targets, num_classes).float() if targets.ndim == 1 else targets


def build_targets(face_set: FaceSet, rule: str) -> Targets:
    """Return the targets of the training split; nothing of the other splits is read.

    Votes for what is no class of the set, such as "unknown", are left out, and what is left is divided by its sum. A
    row without a vote for any class, as new or auxiliary rows may be, keeps its label.

    Source: Barsoum et al., Training Deep Networks for Facial Expression Recognition with Crowd-Sourced Label
    Distribution, https://arxiv.org/abs/1608.01041. Differs: single votes are no slips here, and no row is dropped; by
    ``multi_target`` the classes with most votes are right where none has more than 30 %.

    Args:
        face_set: The faces.
        rule: ``labels`` (the set's own); ``majority`` (the class with most votes, after a tie the row's own label if it
            is one of them, or else the first); ``drawn`` (a label drawn from the votes anew each epoch);
            ``multi_target`` (all classes with more than 30 % of the votes are right, each with the same share);
            ``distribution`` (the votes).

    Raises:
        DataError: If the rule asks for votes and the set has none, or none for one of its classes.
    """
    is_training = face_set.splits == "training"
    labels = face_set.labels[is_training]
    if rule == "labels":
        return Targets(torch.from_numpy(labels.copy()), rule, len(labels))
    shares = _vote_shares(face_set, is_training, rule)
    is_by_label = ~shares.any(axis=1)
    shares[is_by_label, labels[is_by_label]] = 1
    values = _RULES[rule](shares, labels)
    return Targets(torch.from_numpy(values), rule, int(is_by_label.sum()))


def _vote_shares(face_set: FaceSet, is_training: NDArray[np.bool_], rule: str) -> NDArray[np.float64]:
    """Return the share of each class in the votes for any of them, shape ``(N, num_classes)``; 0 where nobody voted."""
    if face_set.votes is None:
        raise DataError(
            f"{face_set.name} has no annotators' votes, which training.targets = {rule!r} needs; put FER+'s "
            "fer2013new.csv beside FER2013's CSV, or take 'labels'"
        )
    missing = [name for name in face_set.expressions if name not in face_set.vote_names]
    if missing:
        raise DataError(
            f"{face_set.name}: nobody could vote for {', '.join(missing)}, and training.targets = {rule!r} needs votes "
            "for every class; take 'labels', or other classes with data.expressions"
        )
    columns = [face_set.vote_names.index(name) for name in face_set.expressions]
    votes = face_set.votes[is_training][:, columns].astype(np.float64)
    total = votes.sum(axis=1, keepdims=True)
    shares: NDArray[np.float64] = np.divide(votes, total, out=np.zeros_like(votes), where=total > 0)
    return shares


def _most_voted(shares: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    is_label = shares[np.arange(len(labels)), labels] == shares.max(axis=1)
    return np.where(is_label, labels, shares.argmax(axis=1)).astype(np.int64)


def _right_classes(shares: NDArray[np.float64], _: NDArray[np.int64]) -> NDArray[np.float32]:
    is_right = shares > SHARE_OF_A_RIGHT_CLASS
    is_right |= ~is_right.any(axis=1, keepdims=True) & (shares == shares.max(axis=1, keepdims=True))
    right: NDArray[np.float32] = (is_right / is_right.sum(axis=1, keepdims=True)).astype(np.float32)
    return right


def _as_they_are(shares: NDArray[np.float64], _: NDArray[np.int64]) -> NDArray[np.float32]:
    return shares.astype(np.float32)


_RULES: dict[str, Callable[[NDArray[np.float64], NDArray[np.int64]], NDArray[Any]]] = {
    "majority": _most_voted,
    "drawn": _as_they_are,
    "multi_target": _right_classes,
    "distribution": _as_they_are,
}
"""From shares of votes and labels to the values, by the rules that read votes."""
