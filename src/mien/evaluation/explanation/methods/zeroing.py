"""Zeroing: what a class's probability loses when pixels are multiplied by zero."""

from torch import Tensor

from mien.evaluation.explanation.explained import ExplainedModel
from mien.evaluation.explanation.method import MethodCard, register_method
from mien.evaluation.explanation.methods.occlusion import measure_losses


@register_method(
    "zeroing",
    card=MethodCard(
        title="saliency by zeroing",
        source=(
            "Minaee et al., Deep-Emotion, https://arxiv.org/abs/1902.01019, as the study cnn_lstm tells it: a pixel's "
            "importance is what multiplying it by zero changes"
        ),
        shows="probability that the class loses when the pixel's square is black",
        needs="probabilities",
        cost="145 forward",
        is_signed=True,
    ),
)
def explain_by_zeroing(model: ExplainedModel, images: Tensor, targets: Tensor, *, side: int = 4) -> Tensor:
    """Return what a class's probability loses when a small square of a face is set to zero.

    Args:
        model: What answers.
        images: Shape ``(B, C, H, W)``, float32.
        targets: The class of each face, shape ``(B,)``.
        side: Side of the squares in pixels, which lie side by side; 1 zeroes pixel by pixel, as the study has it.

    Raises:
        ValueError: If the square does not lie within the faces.
    """
    return measure_losses(model, images, targets, fill=0.0, window=side, stride=side)
