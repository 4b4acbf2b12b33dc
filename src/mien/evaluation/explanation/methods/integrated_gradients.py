"""Integrated gradients: a score's difference to that of an empty face, shared out among the pixels."""

from torch import Tensor

from mien.evaluation.explanation.explained import DifferentiableModel
from mien.evaluation.explanation.method import FACES_AT_A_TIME, MethodCard, register_method


@register_method(
    "integrated_gradients",
    card=MethodCard(
        title="integrated gradients",
        source="Sundararajan et al., Axiomatic Attribution for Deep Networks, https://arxiv.org/abs/1703.01365",
        shows="a pixel's share of the logit above that of an even face; all of them sum to the difference",
        needs="gradients",
        cost="32 forward and back",
        is_signed=True,
    ),
)
def explain_by_integrated_gradients(
    model: DifferentiableModel, images: Tensor, targets: Tensor, *, steps: int = 32
) -> Tensor:
    """Return each pixel's share of what the class's logit has over that of a face of the mean grey value.

    Args:
        model: The network, or networks as one.
        images: Shape ``(B, C, H, W)``, float32.
        targets: The class of each face, shape ``(B,)``.
        steps: Points of the way from the even face at which gradients are taken, as Gauss and Legendre place them.

    Raises:
        ValueError: If there is no step.
    """
    from captum.attr import IntegratedGradients

    if steps < 1:
        raise ValueError(f"steps is {steps}; expected at least 1")
    shares: Tensor = IntegratedGradients(model.compute_logits).attribute(
        images,
        baselines=model.mean,
        target=targets,
        n_steps=steps,
        method="gausslegendre",
        internal_batch_size=max(FACES_AT_A_TIME, len(images)),
    )
    return shares.sum(dim=1)
