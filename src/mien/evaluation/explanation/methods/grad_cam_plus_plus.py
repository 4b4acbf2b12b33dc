"""Grad-CAM++: Grad-CAM whose weights count each place by how much of the score it explains."""

from torch import Tensor

from mien.evaluation.explanation.explained import ExplainedNetwork
from mien.evaluation.explanation.feature_maps import compute_feature_gradients, enlarge
from mien.evaluation.explanation.method import MethodCard, register_method


@register_method(
    "grad_cam_plus_plus",
    card=MethodCard(
        title="Grad-CAM++",
        source="Chattopadhyay et al., Grad-CAM++, https://arxiv.org/abs/1710.11063",
        shows="what a place of the last feature map does for the class, none below zero, without a unit",
        needs="feature map",
        cost="1 forward and back",
    ),
)
def explain_by_grad_cam_plus_plus(model: ExplainedNetwork, images: Tensor, targets: Tensor) -> Tensor:
    """Return the ReLU of the last feature map's channels, weighted by gradients above zero, place by place.

    The score is the exponential of the logit, whose second and third derivatives are powers of the gradient (equations
    10, 11 and 19 of the paper). Its own size, one factor for the whole map, is left out: it may be too large for
    a number. Differs, too, in taking the map before the last pooling, as Grad-CAM here does.

    Args:
        model: The network.
        images: Shape ``(B, C, H, W)``, float32.
        targets: The class of each face, shape ``(B,)``.

    Raises:
        ExplanationError: If the network has no convolutional feature map.
    """
    features, gradients = compute_feature_gradients(model, images, targets)
    sums = features.sum(dim=(2, 3), keepdim=True)
    # alpha = g^2 / (2 g^2 + g^3 sum A): a g^2 cancels, and a place without a gradient has the weight 0 anyway.
    below = 2 + gradients * sums
    alphas = (1 / below).where((gradients != 0) & (below != 0), 0)
    weights = (alphas * gradients.relu()).sum(dim=(2, 3), keepdim=True)
    maps = (weights * features).sum(dim=1).relu()
    return enlarge(maps, model.network, (images.shape[2], images.shape[3]))
