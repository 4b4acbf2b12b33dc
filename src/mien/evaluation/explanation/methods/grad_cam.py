"""Grad-CAM: the last feature map, its channels weighted by what they do for a class."""

from torch import Tensor

from mien.evaluation.explanation.explained import ExplainedNetwork
from mien.evaluation.explanation.feature_maps import compute_feature_gradients, enlarge
from mien.evaluation.explanation.method import MethodCard, register_method


@register_method(
    "grad_cam",
    card=MethodCard(
        title="Grad-CAM",
        source="Selvaraju et al., Grad-CAM, https://arxiv.org/abs/1610.02391",
        shows="what a place of the last feature map does for the class's logit, none below zero",
        needs="feature map",
        cost="1 forward and back",
    ),
)
def explain_by_grad_cam(model: ExplainedNetwork, images: Tensor, targets: Tensor) -> Tensor:
    """Return the ReLU of the last feature map's channels, each weighted by the mean gradient of a class's logit.

    Differs: the map is taken before the last pooling, where a network of small faces has more places.

    Args:
        model: The network.
        images: Shape ``(B, C, H, W)``, float32.
        targets: The class of each face, shape ``(B,)``.

    Raises:
        ExplanationError: If the network has no convolutional feature map.
    """
    features, gradients = compute_feature_gradients(model, images, targets)
    weights = gradients.mean(dim=(2, 3), keepdim=True)
    maps = (weights * features).sum(dim=1).relu()
    return enlarge(maps, model.network, (images.shape[2], images.shape[3]))
