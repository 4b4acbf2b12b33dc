"""Gradient saliency: how a class's score changes with each pixel."""

from torch import Tensor

from mien.evaluation.explanation.explained import DifferentiableModel
from mien.evaluation.explanation.method import MethodCard, register_method


@register_method(
    "gradient",
    card=MethodCard(
        title="gradient saliency",
        source="Simonyan et al., Deep Inside Convolutional Networks, https://arxiv.org/abs/1312.6034",
        shows="change of the class's logit for one grey value, its size alone",
        needs="gradients",
        cost="1 forward and back",
    ),
)
def explain_by_gradient(model: DifferentiableModel, images: Tensor, targets: Tensor) -> Tensor:
    """Return the size of the gradient of a class's logit at each pixel, the largest of its channels.

    Args:
        model: The network, or networks as one.
        images: Shape ``(B, C, H, W)``, float32.
        targets: The class of each face, shape ``(B,)``.
    """
    from captum.attr import Saliency

    gradients: Tensor = Saliency(model.compute_logits).attribute(
        images.clone().requires_grad_(), target=targets, abs=True
    )
    return gradients.amax(dim=1)
