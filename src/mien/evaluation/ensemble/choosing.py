"""Choosing how the members of an ensemble count, by what they answered on the rows that choose.

Every method is deterministic, and sees labels and answers of these rows alone.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mien.errors import DataError, suggest
from mien.evaluation.ensemble.answers import Answers
from mien.evaluation.ensemble.combinations import Combination, Stacking, WeightedMean, stacking_inputs
from mien.evaluation.ensemble.tree import choose_tree
from mien.evaluation.predictors import AVERAGES
from mien.metrics.classification import log_loss
from mien.recognition.calibrators import softmax

MARGIN = 0.5
"""By how much the right class should lead every other; the hinge loss is what is lacking."""
NUM_ROUNDS = 50
"""Members that greedy selection takes at most, those taken again counted again."""
PENALTY = 0.01
"""What half the squares of stacking's coefficients weigh against the mean log loss of a row."""
_SMALLEST_WEIGHT = 1e-4

Chooser = Callable[[Answers], Combination]


def find_chooser(method: str, *, average: str = "probabilities", start_with: int = 0) -> Chooser:
    """Return what chooses by a method.

    Args:
        method: One of `METHODS`.
        average: What means are taken of, ``probabilities`` or ``logits``; nothing to ``stacked`` and ``tree``.
        start_with: For ``greedy``, how many of the best models it begins with.

    Raises:
        DataError: If there is no such method or average.
    """
    if method not in METHODS:
        raise DataError(f"unknown method {method!r}{suggest(method, METHODS)}")
    if average not in AVERAGES:
        raise DataError(f"unknown average {average!r}; expected {' or '.join(AVERAGES)}")
    if method == "greedy":
        return partial(choose_greedily, average=average, start_with=start_with)
    if method == "stacked":
        return fit_stacking
    return choose_tree if method == "tree" else partial(_WEIGHTED[method], average=average)


def choose_equal(answers: Answers, *, average: str = "probabilities") -> WeightedMean:
    """Return the mean in which every model counts alike.

    Args:
        answers: What the models answered.
        average: What is averaged, ``probabilities`` or ``logits``.
    """
    return _mean(np.ones(len(answers.names)), average)


def weigh_by_accuracy(answers: Answers, *, average: str = "probabilities") -> WeightedMean:
    """Return the mean in which every model counts in proportion to its accuracy.

    Args:
        answers: What the models answered.
        average: What is averaged, ``probabilities`` or ``logits``.

    Raises:
        DataError: If no model answered any row rightly.
    """
    accuracies = answers.is_right.mean(axis=1)
    if not accuracies.any():
        raise DataError(f"none of the {len(accuracies)} models answered any row rightly; there is nothing to weigh by")
    return _mean(accuracies, average)


def weigh_by_likelihood(answers: Answers, *, average: str = "probabilities") -> WeightedMean:
    """Return the mean whose log loss is smallest: the "log likelihood loss" of ensembles that the study camnet cites.

    The loss is convex in the weights; sequential quadratic programming finds its minimum.

    Args:
        answers: What the models answered.
        average: What is averaged, ``probabilities`` or ``logits``.
    """
    from scipy.optimize import minimize

    count = len(answers.names)
    loss = _mixture_loss if average == "probabilities" else _geometric_loss
    found = minimize(
        loss,
        np.full(count, 1 / count),
        args=(answers,),
        jac=True,
        method="SLSQP",
        bounds=[(0, 1)] * count,
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1, "jac": np.ones_like},
        options={"ftol": 1e-10, "maxiter": 500},
    )
    return _mean(found.x, average)


def weigh_by_hinge(answers: Answers, *, average: str = "probabilities") -> WeightedMean:
    """Return the mean whose hinge loss is smallest: what the right class lacks of a lead of `MARGIN` before each other.

    The study camnet cites such a loss for ensembles; its margin is not told there. The loss is the optimum of a linear
    program in the weights and one slack for each row and wrong class.

    Args:
        answers: What the models answered.
        average: What is averaged, ``probabilities`` or ``logits``.
    """
    from scipy.optimize import linprog
    from scipy.sparse import eye_array, hstack

    values = _values(answers, average)
    count, num_rows, num_classes = values.shape
    leads = values[:, np.arange(num_rows), answers.labels][:, :, None] - values
    is_wrong = np.arange(num_classes) != answers.labels[:, None]
    leads = leads[:, is_wrong]  # (K, N * (C - 1))
    num_slacks = leads.shape[1]
    found = linprog(
        np.concatenate([np.zeros(count), np.full(num_slacks, 1 / num_rows)]),
        A_ub=hstack([-leads.T, -eye_array(num_slacks)], format="csr"),
        b_ub=np.full(num_slacks, -MARGIN),
        A_eq=np.concatenate([np.ones(count), np.zeros(num_slacks)])[None],
        b_eq=[1.0],
        method="highs",
    )
    return _mean(found.x[:count], average)


def choose_greedily(answers: Answers, *, average: str = "probabilities", start_with: int = 0) -> WeightedMean:
    """Return the mean of models taken one after the other, with replacement, each the one that helps most.

    What helps most gives the highest accuracy, among equals the lowest log loss, among equals the first model. Of all
    means on the way the best is kept, among equals the one of fewest models.

    Source: Caruana et al., "Ensemble Selection from Libraries of Models", 2004,
    https://doi.org/10.1145/1015330.1015432. Differs: no bags of models are drawn.

    Args:
        answers: What the models answered.
        average: What is averaged, ``probabilities`` or ``logits``.
        start_with: How many of the best models it begins with, each once ("sorted initialisation"), or all if there are
            fewer; 0 begins with none.

    Raises:
        DataError: If it is to begin with fewer than none.
    """
    if start_with < 0:
        raise DataError(f"greedy selection is to start with {start_with} models; expected 0 or more")
    count = len(answers.names)
    start_with = min(start_with, count)
    values = _values(answers, average)
    alone = [_score(values[number], answers.labels, average) for number in range(count)]
    best_first = sorted(range(count), key=lambda number: (alone[number], -number), reverse=True)
    taken = np.bincount(best_first[:start_with], minlength=count)
    total = np.tensordot(taken, values, axes=1)
    best, kept = (-1.0, 0.0), taken
    if start_with:
        best = _score(total / start_with, answers.labels, average)
    for num_taken in range(start_with + 1, start_with + NUM_ROUNDS + 1):
        scores = [_score((total + each) / num_taken, answers.labels, average) for each in values]
        number = max(range(count), key=lambda each: (scores[each], -each))
        taken, total = taken + np.eye(count, dtype=np.int64)[number], total + values[number]
        if scores[number] > best:
            best, kept = scores[number], taken
    return _mean(kept.astype(np.float64), average)


def fit_stacking(answers: Answers) -> Stacking:
    """Return a multinomial logistic regression on the models' log-probabilities, with small coefficients preferred.

    Args:
        answers: What the models answered.

    Raises:
        DataError: If one of the classes has no row.
    """
    import torch
    from sklearn.linear_model import LogisticRegression

    num_classes = len(answers.expressions)
    missing = [name for number, name in enumerate(answers.expressions) if not (answers.labels == number).any()]
    if missing:
        raise DataError(f"stacking needs rows of every class; there is none of {', '.join(missing)}")
    inputs = stacking_inputs(torch.from_numpy(answers.log_probabilities)).numpy()
    fitted = LogisticRegression(C=1 / (PENALTY * len(inputs)), max_iter=2000, tol=1e-6).fit(inputs, answers.labels)
    coefficients, intercepts = fitted.coef_, fitted.intercept_
    if num_classes == 2:  # of which scikit-learn tells the second class' logit alone
        coefficients = np.concatenate([np.zeros_like(coefficients), coefficients])
        intercepts = np.concatenate([np.zeros_like(intercepts), intercepts])
    return Stacking(coefficients=tuple(map(tuple, coefficients.tolist())), intercepts=tuple(intercepts.tolist()))


_WEIGHTED: dict[str, Callable[..., WeightedMean]] = {
    "equal": choose_equal,
    "weighted": weigh_by_accuracy,
    "likelihood": weigh_by_likelihood,
    "hinge": weigh_by_hinge,
}
METHODS: tuple[str, ...] = (*_WEIGHTED, "greedy", "stacked", "tree")


def _mean(weights: NDArray[np.float64], average: str) -> WeightedMean:
    """Return the mean of weights in this proportion, without those that are none but for rounding."""
    shares = weights / weights.sum()
    shares = np.where(shares < _SMALLEST_WEIGHT, 0, shares)
    return WeightedMean.model_validate({"average": average, "weights": (shares / shares.sum()).tolist()})


def _values(answers: Answers, average: str) -> NDArray[np.float64]:
    """Return what is averaged, shape ``(K, N, C)``."""
    return answers.probabilities if average == "probabilities" else answers.log_probabilities


def _score(mean: NDArray[np.float64], labels: NDArray[np.int64], average: str) -> tuple[float, float]:
    """Return accuracy and negative log loss of a mean, shape ``(N, C)``."""
    probabilities = mean if average == "probabilities" else softmax(mean)
    return float((mean.argmax(axis=1) == labels).mean()), -log_loss(probabilities, labels)


def _mixture_loss(weights: NDArray[np.float64], answers: Answers) -> tuple[float, NDArray[np.float64]]:
    """Return the log loss of a mean of probabilities, and its gradient."""
    right = np.exp(answers.log_probabilities[:, np.arange(len(answers.labels)), answers.labels])
    mixed = weights @ right
    return float(-np.log(mixed).mean()), -(right / mixed).mean(axis=1)


def _geometric_loss(weights: NDArray[np.float64], answers: Answers) -> tuple[float, NDArray[np.float64]]:
    """Return the log loss of a mean of logits, and its gradient."""
    logits, rows = answers.log_probabilities, np.arange(len(answers.labels))
    mixed = np.tensordot(weights, logits, axes=1)
    logs = mixed - np.logaddexp.reduce(mixed, axis=1, keepdims=True)
    expected = (np.exp(logs) * logits).sum(axis=2)
    return float(-logs[rows, answers.labels].mean()), (expected - logits[:, rows, answers.labels]).mean(axis=1)
