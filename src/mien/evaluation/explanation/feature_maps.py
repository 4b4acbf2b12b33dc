"""The last feature map of a network with its gradients, and small maps brought to the size of the faces."""

from contextlib import ExitStack
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mien.errors import ExplanationError
from mien.evaluation.explanation.explained import ExplainedNetwork
from mien.models.classifier import Classifier, find_middle
from mien.models.outputs import to_logits


def compute_feature_gradients(model: ExplainedNetwork, images: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Return the last feature map before it is pooled, and the gradient of the classes' scores with respect to it.

    Networks of small faces pool their last map: from 6x6 to 3x3 in ``vgg_se``. What comes in there has more places.

    Args:
        model: The network.
        images: Faces before normalisation, shape ``(B, C, H, W)``, float32.
        targets: The class of each face, shape ``(B,)``.

    Returns:
        Both of shape ``(B, K, h, w)``.

    Raises:
        ExplanationError: If the network has no convolutional feature map of more than one place.
    """
    network = model.network
    rows, columns = find_seen(network, (images.shape[2], images.shape[3]))
    inputs = model.normalize(images)[:, :, rows, columns].requires_grad_()
    with torch.enable_grad(), ExitStack() as undo:
        pooled = _watch_pooling(network, undo)
        features = network.forward_features(inputs)
        scores = to_logits(network.forward_head(features), network.output_activation)
        while id(features) in pooled:
            features = pooled.pop(id(features))[1]
        if features.ndim != 4 or features.shape[2] * features.shape[3] == 1:
            raise ExplanationError(
                f"{type(network).__name__} has no convolutional feature map of several places; "
                "gradient and occlusion explain any network"
            )
        (gradients,) = torch.autograd.grad(scores.gather(1, targets[:, None]).sum(), features)
    return features.detach(), gradients


def enlarge(maps: Tensor, network: Classifier, size_hw: tuple[int, int]) -> Tensor:
    """Return small maps at the size of the faces, bilinearly; what the network does not see of a face has zero.

    Args:
        maps: Shape ``(B, h, w)``, over what the network sees of the faces.
        network: The network.
        size_hw: Height and width of the faces.

    Returns:
        Shape ``(B, H, W)``.
    """
    rows, columns = find_seen(network, size_hw)
    large = torch.zeros(len(maps), *size_hw)
    seen = large[:, rows, columns]
    seen.copy_(F.interpolate(maps[:, None], size=seen.shape[1:], mode="bilinear", align_corners=False)[:, 0])
    return large


def find_seen(network: Classifier, size_hw: tuple[int, int]) -> tuple[slice, slice]:
    """Return the rows and columns of a face that a network sees: all, or the middle that it cuts out."""
    return (slice(None), slice(None)) if network.crop_side is None else find_middle(size_hw, network.crop_side)


def _watch_pooling(network: nn.Module, undo: ExitStack) -> dict[int, tuple[Tensor, Tensor]]:
    """Return what will hold each pooled map with what came into the pooling, by the pooled map's identity."""
    pooled: dict[int, tuple[Tensor, Tensor]] = {}

    def keep(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        if _is_pooling(inputs[0] if inputs else None, output):
            pooled[id(output)] = (output, inputs[0])  # the output too, so that nothing else gets its identity

    for module in network.modules():
        if not any(True for _ in module.children()) and not any(True for _ in module.parameters()):
            undo.callback(module.register_forward_hook(keep).remove)
    return pooled


def _is_pooling(came: Any, went: Any) -> bool:
    """Return whether a layer without parameters made a map smaller and left its channels as they are."""
    if not isinstance(came, Tensor) or not isinstance(went, Tensor) or came.ndim != 4 or went.ndim != 4:
        return False
    return came.shape[1] == went.shape[1] and went.shape[2] * went.shape[3] < came.shape[2] * came.shape[3]
