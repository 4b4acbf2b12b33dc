"""Residual blocks of two or three convolutions; what varies between networks comes in as a function."""

from collections.abc import Callable

from torch import Tensor, nn

ConvolutionMaker = Callable[[int, int, int], nn.Module]
"""Makes a convolution from its input channels, output channels and stride."""

ChannelsMaker = Callable[[int], nn.Module]
"""Makes a layer that keeps the shape, from its channels: a norm, an attention module, the identity."""


def convolution_3x3(in_channels: int, out_channels: int, stride: int) -> nn.Module:
    """Return a 3x3 convolution with padding and without bias."""
    return nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)


def projection(in_channels: int, out_channels: int, stride: int) -> nn.Module:
    """Return a 1x1 convolution without bias and batch norm: the shortcut where the shape changes."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels)
    )


def identity(_: int) -> nn.Module:
    """Return a layer that does nothing, whatever the channels."""
    return nn.Identity()


class ResidualBlock(nn.Module):
    """A branch, attention over what the branch gives, the shortcut added, ReLU.

    Args:
        branch: Layers up to and with the last norm.
        shortcut: From the block's input to the shape of the branch's result.
        attention: Applied to the branch's result, before the addition.

    Attributes:
        expansion: Channels of the result for each channel of the block's width.

    Shape:
        ``(B, in_channels, H, W)`` to ``(B, expansion * width, ceil(H / stride), ceil(W / stride))``.
    """

    expansion = 1

    def __init__(self, branch: nn.Sequential, *, shortcut: nn.Module, attention: nn.Module) -> None:
        super().__init__()
        self.branch, self.attention, self.shortcut = branch, attention, shortcut
        self.activation = nn.ReLU()

    @property
    def last_norm(self) -> nn.Module:
        """The norm that ends the branch."""
        return self.branch[-1]

    def forward(self, features: Tensor) -> Tensor:
        """Return what branch and shortcut give together, nowhere negative."""
        result: Tensor = self.activation(self.attention(self.branch(features)) + self.shortcut(features))
        return result


class BasicBlock(ResidualBlock):
    """Two 3x3 convolutions.

    Source: He et al., Deep Residual Learning for Image Recognition, https://arxiv.org/abs/1512.03385

    Args:
        in_channels: Channels of the block's input.
        width: Channels of both convolutions.
        stride: Stride of the first convolution and of the shortcut.
        convolutions: Makers of the two convolutions.
        norms: Makers of what follows each of them.
        shortcut: Maker of the shortcut, used where the shape changes.
        attention: Maker of the attention module; the default has none.

    Shape:
        ``(B, in_channels, H, W)`` to ``(B, width, ceil(H / stride), ceil(W / stride))``.
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        *,
        stride: int = 1,
        convolutions: tuple[ConvolutionMaker, ConvolutionMaker] = (convolution_3x3, convolution_3x3),
        norms: tuple[ChannelsMaker, ChannelsMaker] = (nn.BatchNorm2d, nn.BatchNorm2d),
        shortcut: ConvolutionMaker = projection,
        attention: ChannelsMaker = identity,
    ) -> None:
        branch = nn.Sequential(
            convolutions[0](in_channels, width, stride),
            norms[0](width),
            nn.ReLU(inplace=True),
            convolutions[1](width, width, 1),
            norms[1](width),
        )
        is_changed = stride != 1 or in_channels != width
        super().__init__(
            branch,
            shortcut=shortcut(in_channels, width, stride) if is_changed else nn.Identity(),
            attention=attention(width),
        )


class Bottleneck(ResidualBlock):
    """A 1x1, a 3x3 and a 1x1 convolution; the stride is the 3x3's.

    Source: He et al., https://arxiv.org/abs/1512.03385. Differs: the paper strides in the first 1x1 convolution.

    Args:
        in_channels: Channels of the block's input.
        width: Channels of the first two convolutions; the third has four times as many.
        stride: Stride of the 3x3 convolution and of the shortcut.
        attention: Maker of the attention module; the default has none.

    Shape:
        ``(B, in_channels, H, W)`` to ``(B, 4 * width, ceil(H / stride), ceil(W / stride))``.
    """

    expansion = 4

    def __init__(self, in_channels: int, width: int, *, stride: int = 1, attention: ChannelsMaker = identity) -> None:
        out_channels = self.expansion * width
        branch = nn.Sequential(
            nn.Conv2d(in_channels, width, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            convolution_3x3(width, width, stride),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels),
        )
        is_changed = stride != 1 or in_channels != out_channels
        super().__init__(
            branch,
            shortcut=projection(in_channels, out_channels, stride) if is_changed else nn.Identity(),
            attention=attention(out_channels),
        )
