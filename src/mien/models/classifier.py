"""The contract every network obeys, so that training, judging and export never ask which one it is."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from mien.models.layers.attention_map import collect_attention_maps


class Classifier(nn.Module, ABC):
    """A network that maps ``(B, in_channels, H, W)`` pictures to ``(B, num_classes)`` logits.

    Subclasses set the attributes and write the three methods.

    Attributes:
        classifier: The last layer, the only one whose shape depends on the number of classes.
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        smallest_side: Smallest height and width that the network takes, in pixels.
        crop_side: Side of the square that is cut out of the middle of larger pictures; None takes pictures whole. A
            network that was trained on random crops is so judged, exported and asked on what it knows.
        output_activation: What turns logits into probabilities: ``softmax``, ``sigmoid`` or ``relu``; whoever needs
            probabilities goes by `mien.models.outputs.to_logits`.
    """

    classifier: nn.Module
    num_classes: int
    in_channels: int
    smallest_side: int = 32
    crop_side: int | None = None
    output_activation: str = "softmax"

    @abstractmethod
    def forward_features(self, images: Tensor) -> Tensor:
        """Return the last feature map, shape ``(B, F, h, w)``, or a transformer's last tokens, ``(B, T, F)``."""

    @abstractmethod
    def forward_head(self, features: Tensor) -> Tensor:
        """Return logits, shape ``(B, num_classes)``, from what `forward_features` gives."""

    @abstractmethod
    def reset_classifier(self, num_classes: int) -> None:
        """Replace the last layer by a fresh one with ``num_classes`` outputs."""

    def forward(self, images: Tensor) -> Tensor:
        """Return logits, shape ``(B, num_classes)``, for normalised pictures ``(B, in_channels, H, W)``.

        Raises:
            ValueError: If channels or size do not fit; the message says what does.
        """
        if images.ndim != 4 or images.shape[1] != self.in_channels:
            raise ValueError(f"images have shape {tuple(images.shape)}; expected (B, {self.in_channels}, H, W)")
        if self.crop_side is not None:
            rows, columns = find_middle((images.shape[2], images.shape[3]), self.crop_side)
            images = images[:, :, rows, columns]
        if min(images.shape[2], images.shape[3]) < self.smallest_side:
            side = self.smallest_side
            raise ValueError(
                f"images are {images.shape[2]}x{images.shape[3]}; {side}x{side} is the smallest that works"
            )
        try:
            logits: Tensor = self.forward_head(self.forward_features(images))
        except ValueError as fault:
            if self.training and len(images) == 1 and "more than 1 value per channel" in str(fault):
                raise ValueError(
                    "a batch of one picture cannot be trained on here: batch norm needs more than one value a channel, "
                    "and the map is 1x1 by then; use a larger batch, or eval() to predict"
                ) from fault
            raise
        return logits

    def attention_maps(self, images: Tensor) -> dict[str, Tensor]:
        """Return the map of every attention block for a batch, by the block's name; empty where there are none."""
        return collect_attention_maps(self, images)


def find_middle(size_hw: tuple[int, int], side: int) -> tuple[slice, slice]:
    """Return the rows and columns of the square in the middle of a picture that `Classifier.crop_side` speaks of.

    Args:
        size_hw: Height and width of the picture.
        side: Side of the square; a smaller picture is taken whole.

    Example:
        >>> find_middle((48, 48), 44)
        (slice(2, 46, None), slice(2, 46, None))
    """
    top, left = (round(max(0, whole - side) / 2) for whole in size_hw)
    return slice(top, top + side), slice(left, left + side)
