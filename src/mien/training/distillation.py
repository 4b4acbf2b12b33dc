"""The section ``[distillation]`` of a recipe, and the loss by which a network learns from its teachers' answers."""

import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from mien.training.data_settings import Section


class DistillationSettings(Section):
    """Whose answers a network learns beside its targets; `distill` says how.

    Attributes:
        predictions: Files that `mien predict` wrote, of one teacher or of several.
        temperature: What logits of teachers and student are divided by before they are compared.
        weight: Share of the teachers in the loss, 0..1; the rest is the recipe's own loss to its targets.
    """

    predictions: tuple[str, ...] = Field(min_length=1, strict=False)
    temperature: float = Field(4.0, gt=0, allow_inf_nan=False)
    weight: float = Field(0.9, ge=0, le=1)


def distill(loss: Tensor, logits: Tensor, soft_targets: Tensor, *, temperature: float, weight: float) -> Tensor:
    """Return a loss that is in part the divergence of a student from its teachers, both softened by a temperature.

    ``(1 - weight) * loss + weight * temperature**2 * KL(teachers || student)``, the mean over the batch; the square
    keeps the gradients' size, which falls with it.

    Source: Hinton et al., Distilling the Knowledge in a Neural Network, https://arxiv.org/abs/1503.02531. Differs: the
    divergence in place of the cross-entropy, which has the same gradients and is 0 where both agree.

    Args:
        loss: The loss to the targets, shape ``()``.
        logits: The student's, shape ``(B, num_classes)``, float32.
        soft_targets: Probabilities of the teachers, softened already, shape ``(B, num_classes)``, float32.
        temperature: What the student's logits are divided by, above 0.
        weight: Share of the divergence, 0..1.
    """
    divergence = F.kl_div((logits / temperature).log_softmax(dim=1), soft_targets, reduction="batchmean")
    return (1 - weight) * loss + weight * temperature**2 * divergence
