"""The residual masking network: CAMnet's masks on a plain ResNet-34."""

from mien.models.architectures.camnet import CamNet
from mien.models.registry import ModelCard, register_model


@register_model(
    "residual_masking",
    card=ModelCard(
        source="Pham et al., Residual Masking Network, https://doi.org/10.1109/ICPR48806.2021.9411919",
        input_size=(3, 224, 224),
        test_size=(3, 32, 32),
        further_sizes=((3, 64, 64),),
        parameters=137_796_423,
        studies=("camnet",),
        family="camnet",
        note=(
            "Dropout is 0.4, as in the authors' own code (github.com/phamquiluan/ResidualMaskingNetwork); masks are a "
            "softmax over channels there too. Sides must be multiples of 32."
        ),
    ),
)
class ResidualMasking(CamNet):
    """ResNet-34 with a masking block after each of its four stages.

    Source: Pham et al., Facial Expression Recognition Using Residual Masking Network,
    https://doi.org/10.1109/ICPR48806.2021.9411919

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        width: Channels of the first stage; each further stage doubles them.
        mask_activation: ``softmax`` over the channels, ``sigmoid``, or ``none``.
        has_masks: Whether masking blocks follow the stages; without them it is ResNet-34.
        dropout: Share of the pooled features dropped, 0 to 1.

    Shape:
        ``(B, in_channels, H, W)``, H and W multiples of 32, to ``(B, num_classes)``.
    """

    def __init__(
        self,
        num_classes: int = 7,
        in_channels: int = 3,
        *,
        width: int = 64,
        mask_activation: str = "softmax",
        has_masks: bool = True,
        dropout: float = 0.4,
    ) -> None:
        super().__init__(
            num_classes,
            in_channels,
            width=width,
            mask_activation=mask_activation,
            has_masks=has_masks,
            dropout=dropout,
            split_attention="none",
        )
