"""GoogLeNet as torchvision builds it."""

from collections.abc import Sequence

from torch import nn
from torchvision.models import GoogLeNet as TorchvisionGoogLeNet
from torchvision.models import GoogLeNet_Weights

from mien.models.pooled import PooledClassifier, global_pooling
from mien.models.pretrained import find_published, load_published
from mien.models.registry import ModelCard, register_model


@register_model(
    "googlenet",
    card=ModelCard(
        source="Szegedy et al., Going Deeper with Convolutions, https://arxiv.org/abs/1409.4842",
        input_size=(3, 224, 224),
        test_size=(3, 32, 32),
        parameters=5_607_079,
        studies=("camnet", "cnn_lstm"),
        family="googlenet",
        note=(
            "Of the study's related work. torchvision's, without auxiliary classifiers: it has batch norm, and 3x3 "
            "convolutions where the paper has 5x5. 5,600,807 parameters with one channel. `pretrained` takes "
            "torchvision's weights, made for colours from -1 to 1. Of camnet too, its 'Inception or GoogLeNet': it is "
            "described in section 2.2.3, which draws a module of the third version, and no table has a row of it."
        ),
    ),
    aliases=("inception",),
)
class GoogLeNet(PooledClassifier):
    """A stem of three convolutions and nine Inception modules.

    Source: Szegedy et al., https://arxiv.org/abs/1409.4842. Differs: batch norm, and 3x3 convolutions for 5x5.

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        pooling: What comes before the head: ``average`` or ``max``.
        hidden: Units of each hidden layer in the head, in order.
        dropout: Share dropped before the last layer, 0 to 1.
        pretrained: Whether to begin with the weights that torchvision publishes; the file must have been fetched. For
            grey input the first convolution is summed over the colours.

    Shape:
        ``(B, in_channels, H, W)`` to ``(B, num_classes)``; sides from 32 pixels.

    Raises:
        ValueError: If `pooling` is unknown.
        MienError: If the pretrained weights are not there, or do not fit.
    """

    def __init__(
        self,
        num_classes: int = 7,
        in_channels: int = 3,
        *,
        pooling: str = "average",
        hidden: Sequence[int] = (),
        dropout: float = 0.2,
        pretrained: bool = False,
    ) -> None:
        # Before the network is built, which takes longer than to say that the file is not there.
        address = GoogLeNet_Weights.IMAGENET1K_V1.url
        file = find_published("googlenet", address, publisher="torchvision") if pretrained else None
        whole = TorchvisionGoogLeNet(aux_logits=False, transform_input=False, init_weights=False)
        whole.conv1.conv = nn.Conv2d(in_channels, 64, 7, stride=2, padding=3, bias=False)
        # torchvision's order of modules is that of its forward pass; pooling, dropout and the last layer are ours.
        layers = {name: module for name, module in whole.named_children() if name not in ("avgpool", "dropout", "fc")}
        features = nn.Sequential()
        for name, layer in layers.items():
            features.add_module(name, layer)
        super().__init__(
            num_classes,
            in_channels,
            features=features,
            pool=global_pooling(pooling),
            units=1024,
            hidden=hidden,
            dropout=dropout,
        )
        if file is not None:
            load_published(features, file, first="conv1.conv.weight")
