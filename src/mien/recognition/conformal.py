"""Conformal sets: the expressions that a face may show, so that the right one is among them as often as stated.

`mien.evaluation.conformal` fits their quantile and measures them; a model file's contract may carry them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.errors import ModelFileError

SET_METHODS: tuple[str, ...] = ("lac", "aps")
"""How a class is scored; `score_classes` says what each means."""


@dataclass(frozen=True)
class ConformalSets:
    """Which classes stay possible: those whose score is at most a quantile.

    ``lac`` makes the smallest sets on average. One may be empty: no class is as probable as the right one mostly was
    where the quantile was fitted, so the face is unlike those, or stands between several classes. A set of ``aps``
    holds the most probable class in any case and is never empty; it grows where the model hesitates.

    Args:
        method: One of `SET_METHODS`.
        coverage: Share of faces whose set shall hold the right class, between 0 and 1.
        quantile: Largest score of a class in a set, 0 to 1; 1 lets every class in.

    Raises:
        ModelFileError: If the method is unknown or a number lies outside its range.
    """

    method: str
    coverage: float
    quantile: float

    def __post_init__(self) -> None:
        check_sets(self.method, self.coverage)
        if not _is_number(self.quantile) or not 0 <= self.quantile <= 1:
            raise ModelFileError(f"quantile of a set's scores must be from 0 to 1, got {self.quantile!r}")

    def select(self, probabilities: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Return which classes each row's set holds, shape ``(N, C)``, bool.

        Args:
            probabilities: Calibrated, shape ``(N, C)``, rows that sum to 1.
        """
        members: NDArray[np.bool_] = score_classes(probabilities, method=self.method) <= self.quantile
        if self.method == "aps":
            members[np.arange(len(members)), probabilities.argmax(axis=1)] = True
        return members

    def names(self, probabilities: NDArray[np.floating], expressions: Sequence[str]) -> tuple[str, ...]:
        """Return the names in one face's set, the most probable first.

        Args:
            probabilities: Calibrated, shape ``(C,)``.
            expressions: Names of the ``C`` classes.
        """
        members = self.select(probabilities[None])[0]
        order = np.argsort(-probabilities, kind="stable")
        return tuple(expressions[index] for index in order if members[index])

    def to_dict(self) -> dict[str, Any]:
        """Return method, coverage and quantile as plain values, ready for JSON."""
        return asdict(self)


def score_classes(probabilities: NDArray[np.floating], *, method: str) -> NDArray[np.float64]:
    """Return how little each class conforms to its row, shape ``(N, C)``, 0 to 1.

    ``lac`` (least ambiguous set-valued classifier): 1 minus the probability of the class. ``aps`` (adaptive prediction
    sets): the sum of the probabilities down to the class, the most probable first, its own included; of equal ones the
    first in label order comes first.

    Source: Sadinle, Lei and Wasserman, "Least Ambiguous Set-Valued Classifiers with Bounded Error Levels", 2019,
    https://arxiv.org/abs/1609.00451; Romano, Sesia and Candes, "Classification with Valid and Adaptive Coverage", 2020,
    https://arxiv.org/abs/2006.02544. Differs: ``aps`` draws no random number, so one face always gets one set.

    Args:
        probabilities: Calibrated, shape ``(N, C)``, rows that sum to 1.
        method: One of `SET_METHODS`.

    Example:
        >>> score_classes(np.array([[0.25, 0.5, 0.25]]), method="aps")
        array([[0.75, 0.5 , 1.  ]])
    """
    exact = probabilities.astype(np.float64)
    if method == "lac":
        return np.asarray(1 - exact)
    order = np.argsort(-exact, axis=1, kind="stable")
    scores = np.empty_like(exact)
    np.put_along_axis(scores, order, np.take_along_axis(exact, order, axis=1).cumsum(axis=1), axis=1)
    return np.minimum(scores, 1.0)


def sets_from_contract(values: Mapping[str, Any]) -> ConformalSets | None:
    """Return the sets that a contract describes; None where it is empty.

    Args:
        values: What `ConformalSets.to_dict` gave, or nothing.

    Raises:
        ModelFileError: If a value is missing, unknown or out of range.
    """
    if not values:
        return None
    wanted = ("method", "coverage", "quantile")
    if sorted(values) != sorted(wanted):
        raise ModelFileError(f"conformal has {', '.join(values)}; expected {', '.join(wanted)}")
    return ConformalSets(**values)


def check_sets(method: str, coverage: float) -> None:
    """Raise unless there can be such sets.

    Args:
        method: One of `SET_METHODS`.
        coverage: Share of faces whose set shall hold the right class.

    Raises:
        ModelFileError: If the method is unknown, or the coverage does not lie between 0 and 1.
    """
    if method not in SET_METHODS:
        raise ModelFileError(f"unknown score of conformal sets {method!r}; expected {' or '.join(SET_METHODS)}")
    if not _is_number(coverage) or not 0 < coverage < 1:
        raise ModelFileError(f"coverage of conformal sets must lie between 0 and 1, got {coverage!r}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
