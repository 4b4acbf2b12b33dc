"""What an ensemble is worth: what each member adds, and the gain of choosing on one half and judging on the other.

Everything here is of the validation split: figures of one half judge what the other half chose, and no test split.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.errors import ProtocolError
from mien.evaluation.ensemble.answers import Answers
from mien.evaluation.ensemble.choosing import Chooser
from mien.evaluation.ensemble.combinations import Combination, WeightedMean
from mien.metrics.bootstrap import accuracy_difference_interval


@dataclass(frozen=True)
class MemberWorth:
    """What one model is to an ensemble, on the rows that chose it.

    Args:
        name: What the model is called.
        weight: Its weight in a mean; NaN where members have no single weight, 0 for one that is not taken.
        accuracy: Of its own answers, to its own question, 0 to 1.
        accuracy_without: Of an ensemble chosen by the same method from the others; NaN where there can be none.
        disagreement: Share of rows that it answers otherwise than another model, mean over the others; NaN where models
            answer different questions.
    """

    name: str
    weight: float
    accuracy: float
    accuracy_without: float
    disagreement: float


@dataclass(frozen=True)
class Gain:
    """What an ensemble gains over the best single model, each chosen on one half of the rows and judged on the other.

    Args:
        num_rows: Rows, each judged once.
        accuracy: Of the two ensembles, on the half that each was not chosen on, 0 to 1.
        single_models: Names of the best models of the halves; empty where no model answers all classes.
        single_accuracy: Of these models, on the half that each was not chosen on; NaN where there are none.
        interval: 95 % interval of the difference, from drawing rows anew, pairs kept; both NaN where there is none.
    """

    num_rows: int
    accuracy: float
    single_models: tuple[str, ...] = ()
    single_accuracy: float = math.nan
    interval: tuple[float, float] = (math.nan, math.nan)

    @property
    def difference(self) -> float:
        """By how much the ensembles were right more often; NaN where no model answers all classes."""
        return self.accuracy - self.single_accuracy

    def to_dict(self) -> dict[str, Any]:
        """Return what there is of it in plain types."""
        return asdict(self) if self.single_models else {"num_rows": self.num_rows, "accuracy": self.accuracy}


def measure_members(answers: Answers, combination: Combination, choose: Chooser) -> list[MemberWorth]:
    """Return what each model is to an ensemble, in the models' order.

    Args:
        answers: What the models answered on the rows that chose.
        combination: What was chosen from them.
        choose: How it was chosen, for choosing again without each.
    """
    is_right = answers.is_right
    disagreements = _disagreements(answers)
    weights = combination.weights if isinstance(combination, WeightedMean) else [math.nan] * len(answers.names)
    return [
        MemberWorth(
            name,
            weights[number],
            float(is_right[number].mean()),
            _accuracy_without(answers, number, choose),
            disagreements[number],
        )
        for number, name in enumerate(answers.names)
    ]


def measure_gain(answers: Answers, halves: NDArray[np.bool_], choose: Chooser, *, seed: int = 0) -> Gain:
    """Return what is gained by choosing on each half of the rows and judging on the other.

    Args:
        answers: What the models answered.
        halves: Whether a row is of the second half, shape ``(N,)``, bool.
        choose: How an ensemble is chosen.
        seed: Seed of the draws behind the interval.

    Raises:
        ProtocolError: If the mask is none of these rows, or one half has none.
        DataError: If nothing can be chosen on a half.
    """
    if halves.shape != answers.labels.shape or halves.dtype != np.bool_ or halves.all() or not halves.any():
        raise ProtocolError(
            f"halves are {halves.dtype} {halves.shape}; expected bool {answers.labels.shape}, with rows on both sides"
        )
    ensemble_is_right, single_is_right, singles = [], [], []
    for is_chosen_on in (halves, ~halves):
        chosen_on, judged_on = answers.select_rows(is_chosen_on), answers.select_rows(~is_chosen_on)
        probabilities = judged_on.combine(choose(chosen_on))
        ensemble_is_right.append(probabilities.argmax(axis=1) == judged_on.labels)
        if not answers.classes:
            best = find_best(chosen_on)
            singles.append(answers.names[best])
            single_is_right.append(judged_on.is_right[best])
    right = np.concatenate(ensemble_is_right)
    if not singles:
        return Gain(len(right), float(right.mean()))
    single = np.concatenate(single_is_right)
    interval = accuracy_difference_interval(right, single, seed=seed)
    return Gain(len(right), float(right.mean()), tuple(singles), float(single.mean()), interval)


def find_best(answers: Answers) -> int:
    """Return the number of the model with the highest accuracy, among equals that with the lowest log loss.

    Args:
        answers: What the models answered, all to the same question.
    """
    accuracies = answers.is_right.mean(axis=1)
    losses = -answers.log_probabilities[:, np.arange(len(answers.labels)), answers.labels].mean(axis=1)
    return min(range(len(answers.names)), key=lambda number: (-accuracies[number], losses[number], number))


def _disagreements(answers: Answers) -> Sequence[float]:
    count = len(answers.names)
    if answers.classes or count < 2:
        return [math.nan] * count
    predicted = answers.probabilities.argmax(axis=2)
    differs = (predicted[:, None] != predicted[None]).mean(axis=2)
    result: list[float] = (differs.sum(axis=1) / (count - 1)).tolist()
    return result


def _accuracy_without(answers: Answers, number: int, choose: Chooser) -> float:
    others = [other for other in range(len(answers.names)) if other != number]
    if not others:
        return math.nan
    left = answers.select_models(others)
    try:
        combination = choose(left)
    except ProtocolError:  # a tree that lacks a class
        return math.nan
    return float((left.combine(combination).argmax(axis=1) == left.labels).mean())
