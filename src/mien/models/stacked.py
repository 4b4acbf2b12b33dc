"""What most networks of the zoo are: a stack of layers, a neck, one last linear layer."""

from collections.abc import Callable

from torch import Tensor, nn

from mien.models.classifier import Classifier


class StackedClassifier(Classifier):
    """A classifier of three parts that run one after the other; subclasses fill them in.

    Attributes:
        features: Pictures to the last feature map.
        neck: The last feature map to ``(B, F)``.
        classifier: The last linear layer.
    """

    features: nn.Module
    neck: nn.Module
    classifier: nn.Linear

    def forward_features(self, images: Tensor) -> Tensor:
        """Return the last feature map, shape ``(B, F, h, w)``."""
        features: Tensor = self.features(images)
        return features

    def forward_head(self, features: Tensor) -> Tensor:
        """Return logits, shape ``(B, num_classes)``."""
        logits: Tensor = self.classifier(self.neck(features))
        return logits

    def reset_classifier(self, num_classes: int) -> None:
        """Replace the last layer by a fresh one with ``num_classes`` outputs."""
        self.num_classes = num_classes
        self.classifier = nn.Linear(self.classifier.in_features, num_classes)


def smallest_side_with_the_same_map(input_side: int, map_side: Callable[[int], int]) -> int:
    """Return the smallest side of pictures whose last map is as large as that of ``input_side``.

    Args:
        input_side: Side of the pictures in pixels.
        map_side: Gives the side of the last map for a side of the pictures.

    Returns:
        The side in pixels.

    Raises:
        ValueError: If nothing is left of pictures of ``input_side``; the message says what works.

    Example:
        >>> smallest_side_with_the_same_map(48, lambda side: side // 32)
        32
    """
    wanted = map_side(input_side)
    if wanted < 1:
        smallest = next(side for side in range(1, 1000) if map_side(side) >= 1)
        raise ValueError(f"input_side is {input_side}; {smallest} is the smallest that works")
    return next(side for side in range(1, input_side + 1) if map_side(side) == wanted)
