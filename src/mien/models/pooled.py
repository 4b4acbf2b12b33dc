"""What the networks that the studies took ready-made share: a pooled map, hidden layers where a study put some."""

from collections.abc import Sequence

from torch import nn

from mien.models.layers.choice import check_choice
from mien.models.layers.flattening import GlobalAverage, GlobalMax
from mien.models.stacked import StackedClassifier


class PooledClassifier(StackedClassifier):
    """A feature extractor with a head: pooling, hidden layers of ReLU, dropout, one linear layer.

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        features: Pictures to the last map.
        pool: The last map to ``(B, units)``.
        units: Length of the pooled vector.
        hidden: Units of each hidden layer, in order.
        dropout: Share dropped before the last layer, 0 to 1.

    Raises:
        ValueError: If a hidden layer has no units.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        *,
        features: nn.Module,
        pool: nn.Module,
        units: int,
        hidden: Sequence[int],
        dropout: float,
    ) -> None:
        super().__init__()
        if any(width < 1 for width in hidden):
            raise ValueError(f"hidden is {list(hidden)}; expected a positive number of units for each layer")
        self.num_classes, self.in_channels = num_classes, in_channels
        self.features = features
        layers: list[nn.Module] = [pool]
        for width in hidden:
            layers += [nn.Linear(units, width), nn.ReLU(inplace=True)]
            units = width
        self.neck = nn.Sequential(*layers, nn.Dropout(dropout))
        self.classifier = nn.Linear(units, num_classes)


def global_pooling(pooling: str) -> nn.Module:
    """Return what takes a map of any size to ``(B, C)``.

    Args:
        pooling: ``average`` or ``max``.

    Raises:
        ValueError: If `pooling` is unknown.
    """
    check_choice("pooling", pooling, ("average", "max"))
    return GlobalAverage() if pooling == "average" else GlobalMax()
