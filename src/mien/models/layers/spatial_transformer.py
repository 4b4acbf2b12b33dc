"""Spatial transformer: a picture looked at through a window whose place, size and turn the network chooses."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mien.models.layers.attention_map import AttentionBlock


class SpatialTransformer(AttentionBlock):
    """Warp pictures by an affine map that a small network reads from them; it begins as the identity.

    The map it keeps is 1 where a place of the picture lies in the window, else 0, ``(B, h, w)``.

    Source: Jaderberg et al., Spatial Transformer Networks, https://arxiv.org/abs/1506.02025

    Args:
        localization: Network from pictures to ``(B, features)``.
        features: Number of values that `localization` gives.
        hidden: Units of the layer between them and the six numbers of the affine map.

    Shape:
        ``(B, C, H, W)`` to the same.
    """

    def __init__(self, localization: nn.Module, features: int, *, hidden: int = 32) -> None:
        super().__init__()
        self.localization = localization
        self.hidden = nn.Linear(features, hidden)
        self.affine = nn.Linear(hidden, 6)
        self.start_as_the_identity()

    def start_as_the_identity(self) -> None:
        """Set the last layer so that every picture is looked at whole."""
        nn.init.zeros_(self.affine.weight)
        with torch.no_grad():
            self.affine.bias.copy_(torch.tensor([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]))

    def forward(self, images: Tensor) -> Tensor:
        """Return the pictures as seen through their windows; what lies outside is zero."""
        affine = self.affine(self.hidden(self.localization(images)).relu()).reshape(-1, 2, 3)
        if self.is_keeping:
            self.keep(_places_in_the_window(affine.detach(), size_hw=(images.shape[2], images.shape[3])))
        places = F.affine_grid(affine, list(images.shape), align_corners=False)
        return F.grid_sample(images, places, align_corners=False)


def _places_in_the_window(affine: Tensor, *, size_hw: tuple[int, int]) -> Tensor:
    # The affine map leads from the window to the picture; its inverse says where a place of the picture lies.
    last_row = affine.new_tensor([0.0, 0.0, 1.0]).expand(len(affine), 1, 3)
    inverse = torch.linalg.pinv(torch.cat([affine, last_row], dim=1))[:, :2]
    places = F.affine_grid(inverse, [len(affine), 1, *size_hw], align_corners=False)
    return (places.abs() <= 1).all(dim=3).to(affine.dtype)
