"""VGG19 with CBAM after every max-pool: the network of Cao, as far as the study resnet_cbam tells."""

from torch import nn

from mien.models.layers.cbam import Cbam
from mien.models.layers.convolution import convolution_unit
from mien.models.layers.flattening import GlobalAverage
from mien.models.layers.initialization import initialize_like_keras
from mien.models.registry import ModelCard, register_model
from mien.models.stacked import StackedClassifier

STAGES = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))


@register_model(
    "vgg19_cbam_cao",
    card=ModelCard(
        source=(
            "After the text of the study resnet_cbam on W. Cao, Z. Feng, D. Zhang and Y. Huang, Facial Expression "
            "Recognition via a CBAM Embedded Network, Procedia Computer Science 174, 2020, 463-477; "
            "https://arxiv.org/abs/1409.1556"
        ),
        input_size=(1, 48, 48),
        further_sizes=((1, 64, 64),),
        parameters=20_105_175,
        studies=("resnet_cbam",),
        family="vgg19_cbam_cao",
        note=(
            "The text says only that CBAM follows every max-pool. Count: 20,023,232 of VGG19's convolutions with one "
            "channel, 680 + 2,284 + 8,564 + 2 x 33,412 of CBAM (reduction 16, batch norm after the 7x7) and 3,591 of "
            "one linear layer: the head is not stated, and global average pooling keeps it small, as the study says "
            "Cao meant to. Whether batch norm follows the convolutions is open: `has_norm=True` gives 20,116,183."
        ),
    ),
    aliases=("cao_vgg19_cbam",),
)
class CaoVgg(StackedClassifier):
    """VGG19's sixteen convolutions in five stages, each with a max-pool and CBAM after it; one linear layer.

    Source: Cao et al., 2020, as the study resnet_cbam describes it.

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        has_norm: Whether batch norm follows the convolutions.
        dropout: Share of the pooled features dropped, 0 to 1.

    Shape:
        ``(B, in_channels, H, W)`` to ``(B, num_classes)``; sides from 32 pixels.
    """

    smallest_side = 32

    def __init__(
        self, num_classes: int = 7, in_channels: int = 1, *, has_norm: bool = False, dropout: float = 0.5
    ) -> None:
        super().__init__()
        self.num_classes, self.in_channels = num_classes, in_channels
        stages: list[nn.Module] = []
        incoming = in_channels
        for width, num_convolutions in STAGES:
            layers: list[nn.Module] = []
            for _ in range(num_convolutions):
                layers += convolution_unit(incoming, width, norm="torch" if has_norm else "none")
                incoming = width
            stages.append(nn.Sequential(*layers, nn.MaxPool2d(2), Cbam(width)))
        self.features = nn.Sequential(*stages)
        self.neck = nn.Sequential(GlobalAverage(), nn.Dropout(dropout))
        self.classifier = nn.Linear(incoming, num_classes)
        initialize_like_keras(self, kernels="he")
