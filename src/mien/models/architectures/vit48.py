"""A small vision transformer for faces of 48 pixels."""

import torch
import torch.nn.functional as F
from timm.models.vision_transformer import Block
from torch import Tensor, nn

from mien.models.layers.convolution import convolution_unit
from mien.models.layers.flattening import GlobalAverage
from mien.models.registry import ModelCard, register_model
from mien.models.stacked import StackedClassifier

# Side of the map of tokens at 48 pixels.
MAP_SIDE = 12


class TokenMap(nn.Module):
    """Transformer blocks over the places of a map.

    Args:
        width: Channels of the map, and length of a token.
        depth: Number of blocks.
        num_heads: Attention heads of a block.
        drop_path: Share of residual branches left out in training at the last block; it rises linearly to there.

    Shape:
        ``(B, width, h, w)`` to the same.
    """

    def __init__(self, width: int, *, depth: int, num_heads: int, drop_path: float) -> None:
        super().__init__()
        self.positions = nn.Parameter(torch.empty(1, width, MAP_SIDE, MAP_SIDE))
        shares = [drop_path * place / max(depth - 1, 1) for place in range(depth)]
        self.blocks = nn.Sequential(
            *(Block(width, num_heads, mlp_ratio=3, qkv_bias=True, drop_path=share) for share in shares)
        )
        self.norm = nn.LayerNorm(width)
        nn.init.trunc_normal_(self.positions, std=0.02)

    def forward(self, features: Tensor) -> Tensor:
        """Return the map after all blocks; positions are interpolated where it has another size."""
        _, width, rows, columns = features.shape
        positions: Tensor = self.positions
        if (rows, columns) != (MAP_SIDE, MAP_SIDE):
            positions = F.interpolate(positions, size=(rows, columns), mode="bicubic", align_corners=False)
        tokens = (features + positions).flatten(2).transpose(1, 2)
        seen: Tensor = self.norm(self.blocks(tokens))
        return seen.transpose(1, 2).reshape(-1, width, rows, columns)


@register_model(
    "vit48",
    card=ModelCard(
        source=(
            "Dosovitskiy et al., An Image is Worth 16x16 Words, https://arxiv.org/abs/2010.11929, with the stem of "
            "Xiao et al., Early Convolutions Help Transformers See Better, https://arxiv.org/abs/2106.14881"
        ),
        input_size=(1, 48, 48),
        further_sizes=((1, 64, 64),),
        parameters=1_714_167,
        family="vit48",
        note=(
            "Of mien's own making: 144 tokens of 160 from two strided convolutions, six blocks of four heads, the mean "
            "of the tokens in place of a class token."
        ),
    ),
)
class Vit48(StackedClassifier):
    """Two strided convolutions, transformer blocks over the 12x12 places, the mean of all tokens.

    Source: Dosovitskiy et al., https://arxiv.org/abs/2010.11929. Differs: convolutions for patches, no class token.

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        width: Length of a token, an even number that `num_heads` divides.
        depth: Number of transformer blocks.
        num_heads: Attention heads of a block.
        dropout: Share of the pooled features dropped, 0 to 1.
        drop_path: Share of residual branches left out in training at the last block; it rises linearly to there.

    Shape:
        ``(B, in_channels, H, W)`` to ``(B, num_classes)``; sides from 8 pixels.

    Raises:
        ValueError: If `width` is odd or `num_heads` does not divide it.
    """

    smallest_side = 8

    def __init__(
        self,
        num_classes: int = 7,
        in_channels: int = 1,
        *,
        width: int = 160,
        depth: int = 6,
        num_heads: int = 4,
        dropout: float = 0.1,
        drop_path: float = 0.1,
    ) -> None:
        super().__init__()
        if width < 2 or width % 2 or num_heads < 1 or width % num_heads:
            raise ValueError(f"width is {width}; expected an even number that {num_heads} heads divide")
        self.num_classes, self.in_channels = num_classes, in_channels
        self.features = nn.Sequential(
            *convolution_unit(in_channels, width // 2, stride=2, bias=False),
            *convolution_unit(width // 2, width, stride=2, bias=False),
            nn.Conv2d(width, width, 1),
            TokenMap(width, depth=depth, num_heads=num_heads, drop_path=drop_path),
        )
        self.neck = nn.Sequential(GlobalAverage(), nn.Dropout(dropout))
        self.classifier = nn.Linear(width, num_classes)
