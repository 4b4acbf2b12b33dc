"""Accuracy against coverage: how much better the answers are when the least sure ones are withheld."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.errors import DataError
from mien.metrics.predictions import Predictions


@dataclass(frozen=True, eq=False)
class CoverageCurve:
    """The accuracy of the surest answers, for every number of them.

    Args:
        coverage: Share of the rows answered, the surest first, shape ``(N,)``: ``1/N`` to 1.
        accuracy: Share of these answers that are right, 0 to 1, shape ``(N,)``. Rows of equal confidence cannot be told
            apart: until all of them are answered, each brings the same part of those among them that are right.
    """

    coverage: NDArray[np.float64]
    accuracy: NDArray[np.float64]

    @property
    def area(self) -> float:
        """The area under the curve: the accuracy averaged over all coverages, 0 to 1.

        Confidence that says nothing gives the accuracy on all rows.

        Source: Geifman et al., "Bias-Reduced Uncertainty Estimation for Deep Neural Classifiers", 2019,
        https://arxiv.org/abs/1805.08206; theirs is the area under the error, 1 minus this.
        """
        return float(self.accuracy.mean())

    @property
    def best_accuracy(self) -> NDArray[np.float64]:
        """The curve if every right answer were surer than every wrong one, shape ``(N,)``."""
        result: NDArray[np.float64] = np.minimum(1.0, self.accuracy[-1] / self.coverage)
        return result

    def accuracy_at(self, coverage: float) -> float:
        """Return the accuracy when at least a share of the rows is answered, the surest first, 0 to 1.

        Args:
            coverage: Share of the rows, above 0 and at most 1.

        Raises:
            DataError: If the share lies outside.
        """
        if not 0 < coverage <= 1:
            raise DataError(f"coverage is {coverage}; expected a number above 0 and at most 1")
        return float(self.accuracy[np.searchsorted(self.coverage, coverage - 1e-12)])


def coverage_curve(predictions: Predictions) -> CoverageCurve:
    """Return accuracy against coverage, by the confidence of the answers.

    Source: Geifman and El-Yaniv, "Selective Classification for Deep Neural Networks", 2017,
    https://arxiv.org/abs/1705.08500.

    Args:
        predictions: What a model answered.
    """
    confidences = predictions.probabilities.max(axis=1)
    order = np.argsort(-confidences, kind="stable")
    is_last_of_equals = np.append(np.diff(confidences[order]) != 0, True)
    num_answered = np.arange(1, len(order) + 1)
    known_at = np.append(0, num_answered[is_last_of_equals])
    num_right = np.append(0, np.cumsum(predictions.is_right[order])[is_last_of_equals])
    return CoverageCurve(num_answered / len(order), np.interp(num_answered, known_at, num_right) / num_answered)
