"""The tree of one-against-the-rest classifiers that the study cnn_lstm suggests: in which order classes are asked for.

The rows of a class cost, beside their own yes, the no of every class asked for before. So the log loss of an order is a
sum over pairs, and the best order is found exactly, set by set.
"""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from mien.errors import ProtocolError
from mien.evaluation.ensemble.answers import Answers
from mien.evaluation.ensemble.combinations import Tree


def choose_tree(answers: Answers) -> Tree:
    """Return the tree whose order has the smallest log loss, among equals the one that asks for earlier classes first.

    Of several classifiers of one class the one whose own log loss is smallest answers. The class that comes last needs
    none, so one class may be without.

    Args:
        answers: What classifiers of one class against the rest answered.

    Raises:
        ProtocolError: If they do not tell one class from the rest, or more than one class has no classifier.
    """
    if not answers.classes:
        raise ProtocolError(
            "a tree is made of runs that tell one class from the rest; train them with data.one_against_rest"
        )
    member_of = _best_of_each_class(answers)
    missing = [number for number in range(len(answers.expressions)) if number not in member_of]
    if len(missing) > 1:
        names = ", ".join(answers.expressions[number] for number in missing)
        raise ProtocolError(f"no run tells {names} from the rest; the tree needs one for each class but the last")
    order = _best_order(answers, member_of)
    return Tree(order=order, members=tuple(member_of[number] for number in order[:-1]))


def _best_of_each_class(answers: Answers) -> dict[int, int]:
    """Return for each class that has classifiers the one with the smallest log loss."""
    best: dict[int, tuple[float, int]] = {}
    for member, number in enumerate(answers.classes):
        is_rest = (answers.labels != number).astype(np.int64)
        loss = -float(answers.log_probabilities[member, np.arange(len(is_rest)), is_rest].mean())
        best[number] = min(best.get(number, (np.inf, member)), (loss, member))
    return {number: member for number, (_, member) in best.items()}


def _best_order(answers: Answers, member_of: dict[int, int]) -> tuple[int, ...]:
    """Return the classes in the best order.

    The best order of a set of classes ends in one of them, and the others stand in their own best order before it.
    """
    classes = range(len(answers.expressions))
    yes, no = _costs(answers, member_of)
    best: dict[frozenset[int], tuple[float, tuple[int, ...]]] = {frozenset(): (0.0, ())}
    for size in range(1, len(classes) + 1):
        for chosen in combinations(classes, size):
            ends = []
            for last in chosen:
                before = frozenset(chosen) - {last}
                if before not in best:  # it asks for a class that has no classifier
                    continue
                loss, order = best[before]
                own = 0.0 if size == len(classes) else yes[last]
                ends.append((loss + own + sum(no[earlier, last] for earlier in before), (*order, last)))
            found = min(ends, default=(np.inf, ()))
            if np.isfinite(found[0]):
                best[frozenset(chosen)] = found
    return best[frozenset(classes)][1]


def _costs(answers: Answers, member_of: dict[int, int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what each class's rows cost at their own node, and the rows of each column at the node of each row."""
    num_classes = len(answers.expressions)
    yes, no = np.full(num_classes, np.inf), np.full((num_classes, num_classes), np.inf)
    for number, member in member_of.items():
        logs = answers.log_probabilities[member]
        yes[number] = -logs[answers.labels == number, 0].sum()
        no[number] = [-logs[answers.labels == other, 1].sum() for other in range(num_classes)]
    return yes, no
