import torch
from torch import nn

from mien.models.layers.attention_map import collect_attention_maps
from mien.models.layers.spatial_transformer import SpatialTransformer


def _transformer(affine: list[float] | None = None) -> SpatialTransformer:
    localization = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten())
    transformer = SpatialTransformer(localization, 4, hidden=3)
    if affine is not None:
        with torch.no_grad():
            transformer.affine.bias.copy_(torch.tensor(affine))
    return transformer


def test_it_begins_as_the_identity() -> None:
    images = torch.rand(2, 1, 8, 8)
    torch.testing.assert_close(_transformer()(images), images, atol=1e-5, rtol=0)


def test_a_mirrored_window_mirrors_the_picture() -> None:
    images = torch.rand(2, 1, 8, 8)
    seen = _transformer([-1.0, 0.0, 0.0, 0.0, 1.0, 0.0])(images)
    torch.testing.assert_close(seen, images.flip(3), atol=1e-5, rtol=0)


def test_the_kept_map_marks_the_window() -> None:
    transformer = _transformer([0.5, 0.0, 0.5, 0.0, 0.5, -0.5])
    (places,) = collect_attention_maps(nn.Sequential(transformer), torch.rand(2, 1, 8, 8)).values()
    expected = torch.zeros(2, 8, 8)
    expected[:, :4, 4:] = 1.0
    assert torch.equal(places, expected)


def test_the_localisation_learns() -> None:
    transformer = _transformer()
    (transformer(torch.rand(2, 1, 8, 8)) ** 2).sum().backward()
    assert transformer.affine.weight.grad is not None
    assert transformer.affine.weight.grad.abs().sum() > 0
