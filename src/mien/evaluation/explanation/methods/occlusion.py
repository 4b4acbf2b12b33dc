"""Occlusion: what a class's probability loses while a part of the face is covered."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mien.evaluation.explanation.explained import ExplainedModel
from mien.evaluation.explanation.method import MethodCard, register_method
from mien.recognition.occlusion import compute_occlusion_maps


@register_method(
    "occlusion",
    card=MethodCard(
        title="occlusion",
        source="Zeiler and Fergus, Visualizing and Understanding Convolutional Networks, https://arxiv.org/abs/1311.2901",
        shows="probability that the class loses while the pixel is covered, mean over windows",
        needs="probabilities",
        cost="26 forward",
        is_signed=True,
    ),
)
def explain_by_occlusion(
    model: ExplainedModel, images: Tensor, targets: Tensor, *, window: int | None = None, stride: int | None = None
) -> Tensor:
    """Return what a class's probability loses where a square of the mean grey value covers a face.

    Args:
        model: What answers.
        images: Shape ``(B, C, H, W)``, float32.
        targets: The class of each face, shape ``(B,)``.
        window: Side of the square in pixels; None takes a third of the faces' shorter side.
        stride: Pixels from one square to the next; None takes half the window.

    Raises:
        ValueError: If the window does not lie within the faces, or strides would leave pixels out.
    """
    return measure_losses(model, images, targets, fill=model.mean, window=window, stride=stride)


def measure_losses(
    model: ExplainedModel, images: Tensor, targets: Tensor, *, fill: float, window: int | None, stride: int | None
) -> Tensor:
    """Return what a class's probability loses where a face is covered, shape ``(B, H, W)``."""

    def predict(faces: NDArray[np.float32]) -> NDArray[np.float64]:
        probabilities: NDArray[np.float64] = model.compute_probabilities(
            torch.from_numpy(faces.transpose(0, 3, 1, 2))
        ).numpy()
        return probabilities

    faces = images.permute(0, 2, 3, 1).contiguous().numpy()
    return torch.from_numpy(
        compute_occlusion_maps(predict, faces, targets.numpy(), fill=fill, window=window, stride=stride)
    )
