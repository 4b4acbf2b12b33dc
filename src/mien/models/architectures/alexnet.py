"""AlexNet as it was published, for faces; pictures of any size are resized to 227 pixels inside."""

import torch.nn.functional as F
from torch import Tensor, nn

from mien.models.layers.activation import create_activation
from mien.models.registry import ModelCard, register_model
from mien.models.stacked import StackedClassifier

SIDE = 227


@register_model(
    "alexnet",
    card=ModelCard(
        source="Krizhevsky et al., ImageNet Classification with Deep Convolutional Neural Networks, NeurIPS 2012, "
        "https://doi.org/10.1145/3065386; study compact_realtime, section 2.1",
        input_size=(1, 227, 227),
        parameters=56_873_671,
        studies=("compact_realtime",),
        family="alexnet",
        further_sizes=((1, 48, 48),),
        test_size=(1, 48, 48),
        note=(
            "The original with two groups, 56,896,903 parameters in colour and 60,965,224 with 1,000 classes; "
            "`groups=1` gives 58,286,791. Pictures of another size are resized to 227 pixels inside, bilinearly."
        ),
    ),
)
class AlexNet(StackedClassifier):
    """Five convolutions, the second, fourth and fifth in groups, and two hidden layers of 4,096 units.

    Source: Krizhevsky et al., https://doi.org/10.1145/3065386. Differs: the input is 227 pixels, as the sizes of the
    paper's maps need, not 224.

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        groups: 2 as published, or 1.
        dropout: Share dropped before each hidden layer, 0 to 1.
        activation: Activation of all hidden layers, as `create_activation` names it.

    Shape:
        ``(B, in_channels, H, W)`` to ``(B, num_classes)``.

    Raises:
        ValueError: If `groups` is neither 1 nor 2, or `activation` is unknown.
    """

    def __init__(
        self,
        num_classes: int = 7,
        in_channels: int = 1,
        *,
        groups: int = 2,
        dropout: float = 0.5,
        activation: str = "relu",
    ) -> None:
        super().__init__()
        if groups not in (1, 2):
            raise ValueError(f"groups is {groups}; expected 1 or 2")
        self.num_classes, self.in_channels = num_classes, in_channels
        self.features = nn.Sequential(
            nn.Conv2d(in_channels, 96, 11, stride=4),
            create_activation(activation, 96),
            # The paper's alpha is 1e-4; torch divides by the 5 channels.
            nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(96, 256, 5, padding=2, groups=groups),
            create_activation(activation, 256),
            nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(256, 384, 3, padding=1),
            create_activation(activation, 384),
            nn.Conv2d(384, 384, 3, padding=1, groups=groups),
            create_activation(activation, 384),
            nn.Conv2d(384, 256, 3, padding=1, groups=groups),
            create_activation(activation, 256),
            nn.MaxPool2d(3, 2),
        )
        self.neck = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(256 * 6 * 6, 4096),
            create_activation(activation, 4096),
            nn.Dropout(dropout),
            nn.Linear(4096, 4096),
            create_activation(activation, 4096),
        )
        self.classifier = nn.Linear(4096, num_classes)
        self._initialize()

    def _initialize(self) -> None:
        # As published: normal weights of 0.01; the biases of convolutions 2, 4 and 5 and of the hidden layers are ones.
        layers = [module for module in self.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
        for layer, bias in zip(layers, (0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0), strict=True):
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.constant_(layer.get_parameter("bias"), bias)

    def forward_features(self, images: Tensor) -> Tensor:
        """Return the last feature map, shape ``(B, 256, 6, 6)``."""
        if images.shape[2:] != (SIDE, SIDE):
            images = F.interpolate(images, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
        return super().forward_features(images)
