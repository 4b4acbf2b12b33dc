"""Networks of timm behind mien's contract; the architectures' files and `create_model("timm/...")` call it."""

from collections.abc import Sequence
from contextlib import nullcontext
from difflib import get_close_matches
from typing import Any, ClassVar

import timm
from torch import Tensor, nn

from mien.errors import MienError
from mien.models.layers.choice import check_choice
from mien.models.pooled import PooledClassifier
from mien.models.pretrained import find_pretrained, is_built_without_memory
from mien.models.registry import ModelCard
from mien.models.weights import naming_a_bad_file

POOLINGS = {"own": None, "average": "avg", "max": "max"}


class TimmClassifier(PooledClassifier):
    """A network of timm up to its pooled features, with a head of mien's; subclasses name the architecture.

    Source: timm, https://github.com/huggingface/pytorch-image-models

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        pooling: What comes before the head: ``average``, ``max``, or ``own`` (what the architecture has).
        hidden: Units of each hidden layer between the pooled features and the last layer, in order.
        dropout: Share dropped before the last layer, 0 to 1.
        input_side: Side of the pictures, for networks that are built for one size only; None takes timm's.
        pretrained: Whether to begin with the weights that timm publishes; the file must have been fetched. For grey
            input the first convolution is summed over the colours.

    Attributes:
        architecture: timm's name, with or without the tag of the weights.

    Shape:
        ``(B, in_channels, H, W)`` to ``(B, num_classes)``.

    Raises:
        ValueError: If an option is unknown to the architecture.
        MienError: If the pretrained weights are not there, or do not fit.
    """

    architecture: ClassVar[str]

    def __init__(
        self,
        num_classes: int = 7,
        in_channels: int = 3,
        *,
        pooling: str = "own",
        hidden: Sequence[int] = (),
        dropout: float = 0.0,
        input_side: int | None = None,
        pretrained: bool = False,
    ) -> None:
        check_choice("pooling", pooling, POOLINGS)
        # Before the network is built, which takes longer than to say that the file is not there.
        file = find_pretrained(self.architecture) if pretrained else None
        config = timm.get_pretrained_cfg(self.architecture)
        fixed_side = config.input_size[-1] if config is not None and config.fixed_input_size else None
        if input_side is not None and fixed_side is None:
            raise ValueError(f"{self.architecture} takes pictures of many sizes; leave out input_side")
        wanted: dict[str, Any] = {"global_pool": POOLINGS[pooling], "img_size": input_side}
        if file is not None and not is_built_without_memory():
            wanted |= {"pretrained": True, "pretrained_cfg_overlay": {"file": str(file)}}
        with nullcontext() if file is None else naming_a_bad_file(file):
            body: Any = timm.create_model(
                self.architecture,
                num_classes=0,
                in_chans=in_channels,
                **{key: value for key, value in wanted.items() if value is not None},
            )
        super().__init__(
            num_classes,
            in_channels,
            features=body,
            pool=nn.Identity(),
            units=getattr(body, "head_hidden_size", body.num_features),
            hidden=hidden,
            dropout=dropout,
        )
        self.is_channels_last = getattr(body, "output_fmt", "NCHW") == "NHWC"
        self.fixed_side = input_side or fixed_side
        self.smallest_side = self.fixed_side or self.smallest_side

    def forward_features(self, images: Tensor) -> Tensor:
        """Return what the architecture gives before its pooling: a map ``(B, F, h, w)``, or tokens ``(B, T, F)``.

        Raises:
            ValueError: If the architecture is built for pictures of another size.
        """
        height, width = images.shape[2:]
        side = self.fixed_side
        if side is not None and (height, width) != (side, side):
            raise ValueError(
                f"images are {height}x{width}, and the network was built for {side}x{side}: set input_side"
            )
        features: Tensor = self.features.forward_features(images)  # type: ignore[operator]
        return features.permute(0, 3, 1, 2) if self.is_channels_last else features

    def forward_head(self, features: Tensor) -> Tensor:
        """Return logits, shape ``(B, num_classes)``."""
        as_given = features.permute(0, 2, 3, 1) if self.is_channels_last else features
        pooled: Tensor = self.features.forward_head(as_given, pre_logits=True)  # type: ignore[operator]
        return super().forward_head(pooled)


def timm_class(name: str) -> type[TimmClassifier]:
    """Return the class of any of timm's models.

    Args:
        name: timm's name, with or without the tag of the weights, such as ``resnet18.a1_in1k``.

    Raises:
        MienError: If timm has no such model; the message suggests the closest name.
    """
    known = timm.list_models(pretrained="." in name)
    if name not in known:
        close = get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"did you mean 'timm/{close[0]}'?" if close else "timm.list_models() gives them all"
        raise MienError(f"unknown model 'timm/{name}'; {hint}")
    return type(
        "TimmModel", (TimmClassifier,), {"architecture": name, "__doc__": f"{name} of timm, with a head of mien's."}
    )


def timm_card(name: str) -> ModelCard:
    """Return the card of any of timm's models, as far as timm knows it: address of the weights' paper, input size.

    Args:
        name: timm's name, with or without the tag of the weights.

    Raises:
        MienError: If timm has no such model.
    """
    timm_class(name)
    config = timm.get_pretrained_cfg(name)
    return ModelCard(
        source="timm, https://github.com/huggingface/pytorch-image-models",
        input_size=config.input_size if config is not None else (3, 224, 224),
        parameters=None,
        family="timm",
    )
