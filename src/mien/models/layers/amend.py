"""The amend module, which stands where a network would pool its last map."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class AmendRepresentation(nn.Module):
    """Spread the last map's channels over a larger map, filter it without padding, add what all faces share.

    Channels become places (pixel shuffle); one kernel filters each of the few channels that are left, so that nothing
    comes from padding; the mean over the channels gets the mean over all faces, times a learned weight.

    Source: Shi and Zhu, Learning to Amend Facial Expression Representation via De-albino and Affinity,
    https://arxiv.org/abs/2103.10189. Differs: the mean over all faces is the batch's in training only; in evaluation
    it is a running mean, so that an answer does not depend on the other faces of a batch.

    Args:
        channels: Channels of the last map, a multiple of ``upscale ** 2``.
        map_side: Side of the last map.
        upscale: Each place becomes ``upscale`` by ``upscale`` places.
        kernel: Side of the kernel, at most ``map_side * upscale``.
        stride: Step of the kernel.
        momentum: Share of a new batch in the running mean, 0 to 1.

    Attributes:
        out_features: Values for each face.

    Shape:
        ``(B, channels, map_side, map_side)`` to ``(B, out_features)``.

    Raises:
        ValueError: If the channels cannot be spread, or the kernel is larger than the spread map.
    """

    running_mean: Tensor

    def __init__(
        self,
        channels: int,
        *,
        map_side: int,
        upscale: int = 16,
        kernel: int = 32,
        stride: int = 8,
        momentum: float = 0.1,
    ) -> None:
        super().__init__()
        if channels % upscale**2:
            raise ValueError(f"channels is {channels}; expected a multiple of {upscale**2}")
        if map_side * upscale < kernel:
            raise ValueError(f"a map of {map_side}x{map_side} is too small; expected at least {-(-kernel // upscale)}")
        self.momentum, self.stride = momentum, stride
        side = (map_side * upscale - kernel) // stride + 1
        self.out_features = side * side
        self.arrange = nn.PixelShuffle(upscale)
        self.filter = nn.Conv2d(1, 1, kernel, stride=stride, bias=False)
        self.norm = nn.BatchNorm2d(channels // upscale**2)
        self.affinity = nn.Parameter(torch.ones(1))
        self.register_buffer("running_mean", torch.zeros(side, side))

    def forward(self, features: Tensor) -> Tensor:
        """Return the amended representation."""
        spread = self.arrange(features)
        kernels = self.filter.weight.expand(spread.shape[1], -1, -1, -1)
        filtered = self.norm(F.conv2d(spread, kernels, stride=self.stride, groups=spread.shape[1]))
        shared = self.running_mean
        if self.training:
            shared = filtered.mean(dim=(0, 1))
            self.running_mean.lerp_(shared.detach(), self.momentum)
        amended: Tensor = filtered.mean(dim=1) + self.affinity * shared
        return amended.flatten(1)
