"""Gradient saliency of the loss: how wrong an answer becomes with each pixel."""

import torch.nn.functional as F
from torch import Tensor

from mien.evaluation.explanation.explained import DifferentiableModel
from mien.evaluation.explanation.method import MethodCard, register_method


@register_method(
    "loss_gradient",
    card=MethodCard(
        title="gradient saliency of the loss",
        source=(
            "Khaireddin and Chen, https://arxiv.org/abs/2105.03588, as compact_realtime tells it: the loss is "
            "propagated back to the pixels"
        ),
        shows="change of the cross-entropy with the class for one grey value, its size alone",
        needs="gradients",
        cost="1 forward and back",
    ),
)
def explain_by_loss_gradient(model: DifferentiableModel, images: Tensor, targets: Tensor) -> Tensor:
    """Return the size of the gradient of the cross-entropy at each pixel, the largest of its channels.

    The loss is taken with the class that is explained: for the paper's maps explain the true ones.

    Args:
        model: The network, or networks as one.
        images: Shape ``(B, C, H, W)``, float32.
        targets: The class of each face, shape ``(B,)``.
    """
    from captum.attr import Saliency

    def compute_losses(inputs: Tensor) -> Tensor:
        return F.cross_entropy(model.compute_logits(inputs), targets, reduction="none")

    gradients: Tensor = Saliency(compute_losses).attribute(images.clone().requires_grad_(), abs=True)
    return gradients.amax(dim=1)
