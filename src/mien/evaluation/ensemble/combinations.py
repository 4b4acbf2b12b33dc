"""How the answers of several models become one: in torch, so that judging and the exported file compute the same.

Each takes the members' log-probabilities, stacked, and gives logits whose softmax are the ensemble's probabilities.
"""

import math
from typing import Annotated, Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor

from mien.training.data_settings import Section

FLOOR = math.log(1e-6)
"""A log-probability below this counts as this where numbers are multiplied by what stacking learned."""

Floats = Annotated[tuple[float, ...], Field(strict=False, min_length=1)]
Indices = Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(strict=False, min_length=1)]


class WeightedMean(Section):
    """The weighted mean of the members' probabilities or logits.

    The mean of logits is the geometric mean of probabilities, but for a factor a row.

    Attributes:
        average: What is averaged.
        weights: One a member, none below 0, their sum 1.
    """

    kind: Literal["weighted_mean"] = "weighted_mean"
    average: Literal["probabilities", "logits"] = "probabilities"
    weights: Floats

    @model_validator(mode="after")
    def _weights_share_one(self) -> "WeightedMean":
        if not all(weight >= 0 for weight in self.weights) or not math.isclose(sum(self.weights), 1, abs_tol=1e-6):
            raise ValueError(f"weights are {self.weights}; expected none below 0, and a sum of 1")
        return self

    @property
    def num_members(self) -> int:
        """How many members it is of."""
        return len(self.weights)

    def combine(self, log_probabilities: Tensor) -> Tensor:
        """Return logits, shape ``(N, C)``.

        Args:
            log_probabilities: Shape ``(K, N, C)``, the members in the order of the weights.
        """
        weights = log_probabilities.new_tensor(self.weights)[:, None, None]
        if self.average == "logits":
            return (weights * log_probabilities).sum(dim=0)
        return (log_probabilities + weights.log()).logsumexp(dim=0)

    def without_idle(self) -> tuple["WeightedMean", tuple[int, ...]]:
        """Return the same of the members alone that have a weight, and which these are."""
        used = tuple(number for number, weight in enumerate(self.weights) if weight > 0)
        return self.model_copy(update={"weights": tuple(self.weights[number] for number in used)}), used


class Stacking(Section):
    """A multinomial logistic regression on the members' log-probabilities.

    Attributes:
        coefficients: A row a class, in it a number for each class of each member, member after member.
        intercepts: One a class.
    """

    kind: Literal["stacking"] = "stacking"
    coefficients: Annotated[tuple[Floats, ...], Field(strict=False, min_length=2)]
    intercepts: Floats

    @model_validator(mode="after")
    def _shapes_agree(self) -> "Stacking":
        num_classes = len(self.intercepts)
        widths = {len(row) for row in self.coefficients}
        if len(self.coefficients) != num_classes or len(widths) != 1 or min(widths) % num_classes:
            raise ValueError(f"there are {num_classes} intercepts; expected as many rows of so many numbers a member")
        return self

    @property
    def num_members(self) -> int:
        """How many members it is of."""
        return len(self.coefficients[0]) // len(self.intercepts)

    def combine(self, log_probabilities: Tensor) -> Tensor:
        """Return logits, shape ``(N, C)``.

        Args:
            log_probabilities: Shape ``(K, N, C)``, the members in the order of the coefficients.
        """
        inputs = stacking_inputs(log_probabilities)
        return inputs @ inputs.new_tensor(self.coefficients).T + inputs.new_tensor(self.intercepts)

    def without_idle(self) -> tuple["Stacking", tuple[int, ...]]:
        """Return itself, and all its members: each has a say."""
        return self, tuple(range(self.num_members))


class Tree(Section):
    """A chain of yes-or-no questions: at each node a member says whether a face is of its class or goes on.

    A class has the probability of its own node's yes times that of every earlier no; the last class takes what is left.

    Attributes:
        order: Classes as they are asked for, the last without a question.
        members: For each node the member that answers; one fewer than classes.
    """

    kind: Literal["tree"] = "tree"
    order: Indices
    members: Indices

    @model_validator(mode="after")
    def _each_class_once(self) -> "Tree":
        if sorted(self.order) != list(range(len(self.order))) or len(self.members) != len(self.order) - 1:
            raise ValueError(
                f"the order is {self.order} and the members {self.members}; expected each class once, and a member for "
                "each but the last"
            )
        return self

    @property
    def num_members(self) -> int:
        """How many members it is of, at least."""
        return max(self.members) + 1

    def combine(self, log_probabilities: Tensor) -> Tensor:
        """Return logits, shape ``(N, C)``; they are log-probabilities.

        Args:
            log_probabilities: Of "yes" and "no", shape ``(K, N, 2)``.
        """
        reached = torch.zeros_like(log_probabilities[0, :, 0])
        found: dict[int, Tensor] = {}
        for each, member in zip(self.order, self.members, strict=False):
            found[each] = reached + log_probabilities[member, :, 0]
            reached = reached + log_probabilities[member, :, 1]
        found[self.order[-1]] = reached
        return torch.stack([found[each] for each in range(len(self.order))], dim=1)

    def without_idle(self) -> tuple["Tree", tuple[int, ...]]:
        """Return the same of the members alone that answer a node, in the order of the nodes, and which these are."""
        return self.model_copy(update={"members": tuple(range(len(self.members)))}), self.members


Combination = WeightedMean | Stacking | Tree


def stacking_inputs(log_probabilities: Tensor) -> Tensor:
    """Return what stacking multiplies, shape ``(N, K * C)``.

    Args:
        log_probabilities: Shape ``(K, N, C)``.
    """
    return log_probabilities.clamp_min(FLOOR).permute(1, 0, 2).flatten(start_dim=1)
