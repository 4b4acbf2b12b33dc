"""How often each class was right, stood there and was answered; every figure of classes is one line of these counts.

One set of counts, or many at once: the bootstrap computes all its draws in one go.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class ClassCounts:
    """Counts of each class, on the last axis; what comes before it, such as draws, stays in every figure.

    A class with no cases has no recall and no F1: they are NaN, and averages over classes leave that class out.

    Args:
        right: Cases of the class answered rightly, shape ``(..., C)``.
        cases: Cases of the class, same shape.
        answers: Rows answered with the class, same shape.
    """

    right: NDArray[np.floating | np.integer]
    cases: NDArray[np.floating | np.integer]
    answers: NDArray[np.floating | np.integer]

    @classmethod
    def of(cls, confusion: NDArray[np.int64]) -> "ClassCounts":
        """Return the counts of a confusion matrix.

        Args:
            confusion: Counts, shape ``(C, C)``, rows the true classes, columns the answers.

        Example:
            >>> ClassCounts.of(np.array([[3, 1], [0, 2]])).answers
            array([3, 3])
        """
        return cls(np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0))

    @property
    def recall(self) -> NDArray[np.float64]:
        """Share of each class's cases that were answered rightly, shape ``(..., C)``; NaN without cases."""
        return _share(self.right, self.cases)

    @property
    def precision(self) -> NDArray[np.float64]:
        """Share of each class's answers that were right, shape ``(..., C)``; NaN without answers."""
        return _share(self.right, self.answers)

    @property
    def f1(self) -> NDArray[np.float64]:
        """Harmonic mean of precision and recall, shape ``(..., C)``; NaN without cases, whatever was answered."""
        return np.where(self.cases > 0, _share(2 * self.right, self.cases + self.answers), np.nan)

    @property
    def accuracy(self) -> NDArray[np.float64]:
        """Share of all rows that were answered rightly, shape ``(...)``."""
        return _share(self.right.sum(axis=-1), self.cases.sum(axis=-1))

    @property
    def balanced_accuracy(self) -> NDArray[np.float64]:
        """Mean recall over the classes that have cases, shape ``(...)``."""
        return np.asarray(np.nanmean(self.recall, axis=-1))

    @property
    def macro_f1(self) -> NDArray[np.float64]:
        """Mean F1 over the classes that have cases, shape ``(...)``."""
        return np.asarray(np.nanmean(self.f1, axis=-1))

    @property
    def weighted_f1(self) -> NDArray[np.float64]:
        """Mean F1 of the classes, each weighted by its cases, shape ``(...)``."""
        return _share(np.nansum(self.f1 * self.cases, axis=-1), self.cases.sum(axis=-1))

    @property
    def cohen_kappa(self) -> NDArray[np.float64]:
        """Agreement with the labels beyond that of chance, shape ``(...)``; NaN where chance alone agrees in all rows.

        Source: Cohen, "A coefficient of agreement for nominal scales", 1960,
        https://doi.org/10.1177/001316446002000104.
        """
        num_rows = self.cases.sum(axis=-1)
        by_chance = (self.cases * self.answers).sum(axis=-1)
        return _share(num_rows * self.right.sum(axis=-1) - by_chance, num_rows**2 - by_chance)


def _share(part: NDArray[np.floating | np.integer], whole: NDArray[np.floating | np.integer]) -> NDArray[np.float64]:
    result = np.full(np.shape(whole), np.nan)
    np.divide(part, whole, out=result, where=np.asarray(whole) > 0)
    return result
