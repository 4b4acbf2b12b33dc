import math

import pytest
import torch
from pydantic import ValidationError

from mien.evaluation.ensemble.combinations import Stacking, Tree, WeightedMean, stacking_inputs

TWO = torch.tensor([[[0.8, 0.2]], [[0.4, 0.6]]], dtype=torch.float64)
"""What two members answered on one row."""


def test_weighted_mean_of_probabilities() -> None:
    combined = WeightedMean(average="probabilities", weights=(0.25, 0.75)).combine(TWO.log())
    torch.testing.assert_close(combined.softmax(dim=1), torch.tensor([[0.5, 0.5]], dtype=torch.float64))


def test_weighted_mean_of_logits_is_the_geometric_mean() -> None:
    combined = WeightedMean(average="logits", weights=(0.5, 0.5)).combine(TWO.log())
    geometric = torch.tensor([[math.sqrt(0.8 * 0.4), math.sqrt(0.2 * 0.6)]], dtype=torch.float64)
    torch.testing.assert_close(combined.softmax(dim=1), geometric / geometric.sum())


@pytest.mark.parametrize("average", ["probabilities", "logits"])
def test_a_member_of_weight_zero_says_nothing_and_is_left_out(average: str) -> None:
    mean = WeightedMean(average=average, weights=(0.0, 1.0))
    torch.testing.assert_close(mean.combine(TWO.log()).softmax(dim=1), TWO[1])
    assert mean.without_idle() == (WeightedMean(average=average, weights=(1.0,)), (1,))


@pytest.mark.parametrize("weights", [(0.5, 0.6), (1.5, -0.5), (float("nan"), 1.0)])
def test_weights_that_share_no_one_are_refused(weights: tuple[float, ...]) -> None:
    with pytest.raises(ValidationError, match="expected none below 0, and a sum of 1"):
        WeightedMean(weights=weights)


def test_stacking_multiplies_log_probabilities_member_after_member() -> None:
    stacking = Stacking(coefficients=((1.0, 0.0, 2.0, 0.0), (0.0, 1.0, 0.0, 2.0)), intercepts=(0.5, 0.0))
    logs = TWO.log()
    expected = logs[0] + 2 * logs[1] + torch.tensor([[0.5, 0.0]], dtype=torch.float64)
    torch.testing.assert_close(stacking.combine(logs), expected)
    assert (stacking.num_members, stacking.without_idle()) == (2, (stacking, (0, 1)))


def test_stacking_takes_the_smallest_probabilities_for_a_millionth() -> None:
    inputs = stacking_inputs(torch.tensor([[[0.0, -80.0]]]))
    assert inputs.tolist() == [[0.0, pytest.approx(math.log(1e-6))]]


@pytest.mark.parametrize(
    ("coefficients", "intercepts"), [(((1.0, 2.0, 3.0), (1.0, 2.0, 3.0)), (0.0, 0.0)), (((1.0, 2.0),) * 3, (0.0, 0.0))]
)
def test_stacking_of_other_shapes_is_refused(coefficients: tuple, intercepts: tuple) -> None:
    with pytest.raises(ValidationError, match="there are 2 intercepts; expected as many rows"):
        Stacking(coefficients=coefficients, intercepts=intercepts)


def test_a_tree_multiplies_down_its_nodes() -> None:
    """Asked first for class 2 (yes 0.5), then for class 0 (yes 0.2); class 1 takes what is left."""
    answers = torch.tensor([[[0.2, 0.8]], [[0.5, 0.5]]], dtype=torch.float64)
    tree = Tree(order=(2, 0, 1), members=(1, 0))
    expected = torch.tensor([[0.5 * 0.2, 0.5 * 0.8, 0.5]], dtype=torch.float64)
    torch.testing.assert_close(tree.combine(answers.log()).exp(), expected)


def test_a_tree_leaves_out_who_answers_no_node() -> None:
    tree, used = Tree(order=(2, 0, 1), members=(3, 1)).without_idle()
    assert (tree, used) == (Tree(order=(2, 0, 1), members=(0, 1)), (3, 1))
    assert (Tree(order=(2, 0, 1), members=(3, 1)).num_members, tree.num_members) == (4, 2)


@pytest.mark.parametrize(("order", "members"), [((0, 0, 1), (0, 1)), ((0, 1, 2), (0,))])
def test_a_tree_without_each_class_once_is_refused(order: tuple[int, ...], members: tuple[int, ...]) -> None:
    with pytest.raises(ValidationError, match="expected each class once, and a member for each but the last"):
        Tree(order=order, members=members)
