import pytest
import torch
import torch.nn.functional as F

from mien.models import count_parameters
from mien.models.layers.amend import AmendRepresentation


def test_it_has_a_kernel_a_norm_and_one_weight() -> None:
    layer = AmendRepresentation(512, map_side=7)
    assert count_parameters(layer) == 32 * 32 + 2 * 2 + 1
    assert layer.out_features == 121
    assert layer(torch.rand(2, 512, 7, 7)).shape == (2, 121)


def test_the_batchs_mean_is_added_in_training() -> None:
    layer = AmendRepresentation(8, map_side=4, upscale=2, kernel=4, stride=2).train()
    features = torch.rand(3, 8, 4, 4)
    spread = F.pixel_shuffle(features, 2)
    filtered = torch.cat([layer.filter(spread[:, index : index + 1]) for index in range(2)], dim=1)
    normed = F.batch_norm(filtered, None, None, training=True)
    expected = normed.mean(dim=1) + normed.mean(dim=(0, 1))
    torch.testing.assert_close(layer(features), expected.flatten(1), atol=1e-5, rtol=1e-4)


def test_a_face_alone_gets_the_same_answer_in_evaluation() -> None:
    layer = AmendRepresentation(8, map_side=4, upscale=2, kernel=4, stride=2)
    for _ in range(3):
        layer(torch.rand(4, 8, 4, 4))
    assert layer.running_mean.any()
    features = torch.rand(4, 8, 4, 4)
    layer.eval()
    torch.testing.assert_close(layer(features)[1:2], layer(features[1:2]))


def test_the_running_mean_moves_in_training_only() -> None:
    layer = AmendRepresentation(4, map_side=2, upscale=2, kernel=2, stride=2, momentum=1.0).eval()
    layer(torch.rand(2, 4, 2, 2))
    assert not layer.running_mean.any()
    layer.train()(torch.rand(2, 4, 2, 2))
    assert layer.running_mean.any()
    assert not layer.running_mean.requires_grad


@pytest.mark.parametrize(
    ("channels", "map_side", "message"),
    [
        (100, 7, "channels is 100; expected a multiple of 256"),
        (512, 1, "a map of 1x1 is too small; expected at least 2"),
    ],
)
def test_what_cannot_be_spread_is_refused(channels: int, map_side: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AmendRepresentation(channels, map_side=map_side)
