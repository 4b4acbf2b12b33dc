"""From the last map to a vector, for heads that keep the places and so fit one size of pictures only."""

from torch import Tensor, nn


class SquareFlatten(nn.Module):
    """Flatten maps of one size, and refuse others with the size of pictures that fits.

    Args:
        map_side: Side of the map that fits.
        input_side: Side of the pictures that give such a map.
        otherwise: What a refusal advises for pictures of another size; empty where a network takes no other.

    Shape:
        ``(B, C, map_side, map_side)`` to ``(B, C * map_side ** 2)``.
    """

    def __init__(self, *, map_side: int, input_side: int, otherwise: str = "set input_side") -> None:
        super().__init__()
        self.map_side, self.input_side, self.otherwise = map_side, input_side, otherwise

    def forward(self, features: Tensor) -> Tensor:
        """Return one vector a picture.

        Raises:
            ValueError: If the map has another size.
        """
        height, width = features.shape[2:]
        fitting, side = self.map_side, self.input_side
        if (height, width) != (fitting, fitting):
            advice = f"; for others, {self.otherwise}" if self.otherwise else " only"
            raise ValueError(
                f"the last map is {height}x{width}, and the head was built for {fitting}x{fitting}: "
                f"pictures of {side}x{side}{advice}"
            )
        return features.flatten(1)


class GlobalAverage(nn.Sequential):
    """The mean over all places, for pictures of any size.

    Shape:
        ``(B, C, H, W)`` to ``(B, C)``.
    """

    def __init__(self) -> None:
        super().__init__(nn.AdaptiveAvgPool2d(1), nn.Flatten())


class GlobalMax(nn.Sequential):
    """The largest value over all places, for pictures of any size.

    Shape:
        ``(B, C, H, W)`` to ``(B, C)``.
    """

    def __init__(self) -> None:
        super().__init__(nn.AdaptiveMaxPool2d(1), nn.Flatten())
