from itertools import permutations

import numpy as np
import pytest

from mien.errors import ProtocolError
from mien.evaluation.ensemble.answers import Answers
from mien.evaluation.ensemble.combinations import Tree
from mien.evaluation.ensemble.tree import choose_tree

NAMES = ("angry", "happy", "sad", "fear")


def binary_answers(classes: tuple[int, ...], *, num_rows: int = 80, seed: int = 0) -> Answers:
    """Answers of models that tell these of four classes from the rest, some better than others."""
    random = np.random.default_rng(seed)
    labels = np.arange(num_rows) % 4
    scores = random.normal(size=(len(classes), num_rows)) - 0.5
    for member, number in enumerate(classes):
        scores[member] += (1.0 + number) * (labels == number)
    yes = 1 / (1 + np.exp(-scores))
    return Answers(tuple(NAMES[number] for number in classes), np.stack([yes, 1 - yes], axis=2), labels, NAMES, classes)


def loss_of(answers: Answers, tree: Tree) -> float:
    probabilities = answers.combine(tree).astype(np.float64)
    return float(-np.log(probabilities[np.arange(len(answers.labels)), answers.labels]).sum())


@pytest.mark.parametrize("seed", range(3))
def test_no_other_order_has_a_smaller_log_loss(seed: int) -> None:
    answers = binary_answers((0, 1, 2, 3), seed=seed)
    trees = [Tree(order=order, members=order[:-1]) for order in permutations(range(4))]
    best = min(trees, key=lambda tree: loss_of(answers, tree))
    assert choose_tree(answers) == best


def test_a_class_without_a_classifier_comes_last() -> None:
    answers = binary_answers((3, 0, 2))
    tree = choose_tree(answers)
    assert tree.order[-1] == 1
    assert tree.members == tuple((3, 0, 2).index(number) for number in tree.order[:-1])
    np.testing.assert_allclose(answers.combine(tree).sum(axis=1), 1, atol=1e-6)


def test_of_two_classifiers_of_a_class_the_better_answers() -> None:
    answers = binary_answers((0, 1, 2, 2))
    worse, better = answers.probabilities[2], answers.probabilities[3]
    worse[:] = 0.5
    better[:] = np.where((answers.labels == 2)[:, None], [0.99, 0.01], [0.01, 0.99])
    assert 3 in choose_tree(answers).members
    assert 2 not in choose_tree(answers).members


def test_more_than_one_class_without_a_classifier_is_refused() -> None:
    with pytest.raises(
        ProtocolError, match="no run tells happy, fear from the rest; the tree needs one for each class"
    ):
        choose_tree(binary_answers((0, 2)))


def test_models_of_all_classes_make_no_tree(make_answers) -> None:
    with pytest.raises(ProtocolError, match=r"train them with data\.one_against_rest"):
        choose_tree(make_answers())
