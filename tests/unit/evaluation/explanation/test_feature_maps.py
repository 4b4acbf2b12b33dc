import numpy as np
import pytest
import torch
import torch.nn.functional as F
from captum.attr import LayerGradCam

from mien.errors import ExplanationError
from mien.evaluation.explanation import ExplainedNetwork, explain_faces
from mien.evaluation.explanation.feature_maps import compute_feature_gradients, enlarge, find_seen
from mien.models import create_model
from tests.explained_network import LinearNetwork


def test_the_map_before_the_last_pooling_is_taken(trained: ExplainedNetwork, squares: tuple[torch.Tensor, ...]) -> None:
    """Of 32 pixels the last stage of a VGG has 4x4 places, and 2x2 once they are pooled."""
    faces, labels, _ = squares
    features, gradients = compute_feature_gradients(trained, faces.float(), torch.from_numpy(labels))
    assert features.shape == gradients.shape == (9, 64, 4, 4)
    assert trained.network.forward_features(trained.normalize(faces.float())).shape == (9, 64, 2, 2)
    pooled = F.max_pool2d(features, 2)
    torch.testing.assert_close(pooled, trained.network.forward_features(trained.normalize(faces.float())).detach())


def test_the_gradients_are_those_of_the_layer_as_captum_finds_them(
    trained: ExplainedNetwork, squares: tuple[torch.Tensor, ...]
) -> None:
    faces, labels, _ = squares
    layer = trained.network.stages[-1][-1]
    cam = LayerGradCam(trained.compute_logits, layer).attribute(
        faces.float(), target=torch.from_numpy(labels), attribute_to_layer_input=True, relu_attributions=True
    )
    expected = F.interpolate(cam, size=(32, 32), mode="bilinear", align_corners=False)[:, 0].detach().numpy()
    found = explain_faces(trained, faces, labels, method="grad_cam")
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_no_hook_stays_behind(trained: ExplainedNetwork, squares: tuple[torch.Tensor, ...]) -> None:
    faces, labels, _ = squares
    compute_feature_gradients(trained, faces.float(), torch.from_numpy(labels))
    assert not any(module._forward_hooks for module in trained.network.modules())


def test_frozen_weights_change_nothing(squares: tuple[torch.Tensor, ...]) -> None:
    torch.manual_seed(0)
    model = ExplainedNetwork(create_model("vgg_se", width=4, pooling="average", num_classes=3), mean=110, std=30)
    images, targets = squares[0].float(), torch.from_numpy(squares[1])
    expected = compute_feature_gradients(model, images, targets)[1]
    model.network.requires_grad_(False)
    torch.testing.assert_close(compute_feature_gradients(model, images, targets)[1], expected)


def test_a_network_without_a_map_is_refused() -> None:
    model = ExplainedNetwork(create_model("feed_forward", num_classes=3), mean=128, std=60)
    with pytest.raises(
        ExplanationError, match="FeedForward has no convolutional feature map of several places; gradie"
    ):
        compute_feature_gradients(model, torch.zeros(1, 1, 48, 48), torch.tensor([0]))


def test_enlarge_leaves_what_the_network_does_not_see_at_zero() -> None:
    network = LinearNetwork(torch.ones(1, 1, 4, 4))
    network.crop_side = 4
    large = enlarge(torch.ones(1, 2, 2), network, (8, 6))
    expected = torch.zeros(1, 8, 6)
    expected[:, 2:6, 1:5] = 1
    torch.testing.assert_close(large, expected)
    assert find_seen(network, (8, 6)) == (slice(2, 6), slice(1, 5))


def test_enlarge_covers_the_face_of_a_network_that_sees_all() -> None:
    network = LinearNetwork(torch.ones(1, 1, 4, 4))
    small = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    expected = F.interpolate(small[:, None], size=(6, 6), mode="bilinear", align_corners=False)[:, 0]
    torch.testing.assert_close(enlarge(small, network, (6, 6)), expected)
