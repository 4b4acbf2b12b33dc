"""A head of one's choice on any network's last map; `create_model` puts it there."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.func import functional_call

from mien.models.classifier import Classifier
from mien.models.layers.attention_map import collect_attention_maps
from mien.models.layers.choice import check_choice
from mien.models.layers.normalization import group_norm
from mien.models.stacked import StackedClassifier

POOLINGS = ("average", "max", "flatten")
DROPOUT_PLACES = ("before", "between", "after")
NORMALIZATIONS = ("none", "batch", "group")


class HeadedClassifier(StackedClassifier):
    """A network up to its last map, then pooling, hidden layers of ReLU, dropout and one linear layer.

    What the network had after its last map is thrown away.

    Args:
        body: The network; changed in place.
        size_hw: Height and width of the pictures, which a flattening head is built for.
        pooling: ``average`` or ``max`` over all places of the map (of a transformer, all tokens), or ``flatten``.
        hidden: Units of each hidden layer, in order.
        dropout: Share dropped, from 0 to below 1: one for all places, or one for each of `dropout_at`.
        dropout_at: Where: ``before`` the first hidden layer, ``between`` each two, ``after`` the last, which is before
            the linear layer.
        normalization: What stands between each hidden layer and its ReLU: ``none``, ``batch`` or ``group``.

    Attributes:
        names_cut: Names of the tensors that the network had after its last map.

    Shape:
        As `body`; a flattening head takes pictures of `size_hw` alone.

    Raises:
        ValueError: If an argument is unknown, or would have no effect.
    """

    def __init__(
        self,
        body: Classifier,
        *,
        size_hw: tuple[int, int],
        pooling: str = "average",
        hidden: Sequence[int] = (),
        dropout: float | Sequence[float] = 0.0,
        dropout_at: Sequence[str] = ("after",),
        normalization: str = "none",
    ) -> None:
        super().__init__()
        check_head(pooling, hidden=hidden, dropout=dropout, dropout_at=dropout_at, normalization=normalization)
        self.num_classes, self.in_channels = body.num_classes, body.in_channels
        self.smallest_side, self.output_activation = body.smallest_side, body.output_activation
        names = set(body.state_dict())
        shape = cut_after_features(body, size_hw)
        self.names_cut = frozenset(names) - set(body.state_dict())
        self.body = body
        pool = FeaturePooling(pooling, shape, size_hw=size_hw)
        shares = dict(zip(dropout_at, _shares(dropout, len(dropout_at)), strict=True))
        units = [pool.out_features, *hidden]
        layers: list[nn.Module] = [pool, *_dropout(shares.get("before"))]
        for place, (units_in, units_out) in enumerate(pairwise(units), start=1):
            layers += [nn.Linear(units_in, units_out), *_norm(normalization, units_out), nn.ReLU(inplace=True)]
            layers += _dropout(shares.get("between")) if place < len(hidden) else []
        self.neck = nn.Sequential(*layers, *_dropout(shares.get("after")))
        self.classifier = nn.Linear(units[-1], self.num_classes)

    def forward_features(self, images: Tensor) -> Tensor:
        """Return the network's last feature map or tokens."""
        return self.body.forward_features(images)

    def attention_maps(self, images: Tensor) -> dict[str, Tensor]:
        """Return the map of every attention block for a batch, by the block's name in the network without its head."""
        return {name.removeprefix("body."): kept for name, kept in collect_attention_maps(self, images).items()}


class FeaturePooling(nn.Module):
    """A map or tokens to one vector a picture.

    Args:
        pooling: ``average``, ``max`` or ``flatten``.
        shape: What comes in for one picture: ``(F, h, w)`` of a map, ``(T, F)`` of tokens.
        size_hw: Height and width of the pictures that give it.

    Attributes:
        out_features: Length of the vector.

    Shape:
        ``(B, F, h, w)`` or ``(B, T, F)`` to ``(B, out_features)``.
    """

    def __init__(self, pooling: str, shape: tuple[int, ...], *, size_hw: tuple[int, int]) -> None:
        super().__init__()
        self.pooling, self.size_hw = pooling, size_hw
        channels = shape[0] if len(shape) == 3 else shape[-1]
        self.out_features = torch.Size(shape).numel() if pooling == "flatten" else channels

    def forward(self, features: Tensor) -> Tensor:
        """Return the vectors.

        Raises:
            ValueError: If a map to flatten comes from pictures of another size.
        """
        places = features.flatten(2) if features.ndim == 4 else features.transpose(1, 2)
        if self.pooling == "average":
            return places.mean(dim=2)
        if self.pooling == "max":
            return places.amax(dim=2)
        flat = places.flatten(1)
        if flat.shape[1] != self.out_features:
            height, width = self.size_hw
            raise ValueError(
                f"the last map has {flat.shape[1]:,} values a picture, and the head was built for "
                f"{self.out_features:,}: pictures of {height}x{width} only"
            )
        return flat


def check_head(
    pooling: str = "average",
    *,
    hidden: Sequence[int] = (),
    dropout: float | Sequence[float] = 0.0,
    dropout_at: Sequence[str] = ("after",),
    normalization: str = "none",
) -> None:
    """Refuse arguments of `HeadedClassifier` that are unknown, do not go together, or would have no effect.

    Raises:
        ValueError: With what is expected.
    """
    check_choice("pooling", pooling, POOLINGS)
    check_choice("normalization", normalization, NORMALIZATIONS)
    for place in dropout_at:
        check_choice("dropout_at", place, DROPOUT_PLACES)
    if any(units < 1 for units in hidden):
        raise ValueError(f"hidden is {list(hidden)}; expected a positive number of units for each layer")
    if not hidden and normalization != "none":
        raise ValueError(f"normalization is {normalization!r} and follows hidden layers; hidden names none")
    shares = _shares(dropout, len(dropout_at))
    if len(shares) != len(dropout_at):
        raise ValueError(
            f"dropout is {list(shares)} and dropout_at {list(dropout_at)}; expected one number, or one for each place"
        )
    if any(not 0 <= share < 1 for share in shares):
        raise ValueError(f"dropout is {dropout}; expected at least 0 and below 1")
    _check_places(dropout_at, num_hidden=len(hidden))


def _check_places(places: Sequence[str], *, num_hidden: int) -> None:
    if not places or len(set(places)) < len(places):
        raise ValueError(f"dropout_at is {list(places)}; expected at least one place, and each once")
    if "between" in places and num_hidden < 2:
        raise ValueError("dropout_at has 'between', which needs two hidden layers at least")
    if not num_hidden and len(places) > 1:
        raise ValueError("dropout_at has 'before' and 'after', which are one place without hidden layers")


def cut_after_features(body: Classifier, size_hw: tuple[int, int]) -> tuple[int, ...]:
    """Throw away what a network's last map does not depend on, and return the shape of that map for one picture.

    Args:
        body: The network; modules are taken out of it in place.
        size_hw: Height and width of the pictures.

    Raises:
        ValueError: If the network does not take pictures of this size.
    """
    shape, unused = _trace(body, size_hw)
    cut: list[str] = []
    for name, module in list(body.named_modules()):
        own = [f"{name}.{parameter}" for parameter, _ in module.named_parameters()]
        is_inside = any(name.startswith(f"{other}.") for other in cut)
        if name and own and not is_inside and unused.issuperset(own):
            parent, _, last = name.rpartition(".")
            setattr(body.get_submodule(parent), last, nn.Identity())
            cut.append(name)
    return shape


def _trace(body: Classifier, size_hw: tuple[int, int]) -> tuple[tuple[int, ...], set[str]]:
    """Return the shape of the last map and the names of all parameters that do not reach it; nothing is computed."""
    features = _Features(body)
    weights = {
        name: torch.empty_like(value, device="meta", requires_grad=True) for name, value in features.named_parameters()
    }
    buffers = {name: torch.empty_like(value, device="meta") for name, value in features.named_buffers()}
    images = torch.empty(1, body.in_channels, *size_hw, device="meta")
    was_training = body.training
    try:
        body.eval()
        with torch.enable_grad():
            last = functional_call(features, {**weights, **buffers}, images)
            gradients = torch.autograd.grad(last.sum(), list(weights.values()), allow_unused=True)
    finally:
        body.train(was_training)
    names = [name.removeprefix("body.") for name in weights]
    unused = {name for name, gradient in zip(names, gradients, strict=True) if gradient is None}
    return tuple(last.shape[1:]), unused


class _Features(nn.Module):
    """A network's features as the forward pass that `functional_call` runs."""

    def __init__(self, body: Classifier) -> None:
        super().__init__()
        self.body = body

    def forward(self, images: Tensor) -> Tensor:
        return self.body.forward_features(images)


def _shares(dropout: float | Sequence[float], count: int) -> Sequence[float]:
    return dropout if isinstance(dropout, Sequence) else [dropout] * count


def _dropout(share: float | None) -> list[nn.Module]:
    return [nn.Dropout(share)] if share else []


def _norm(normalization: str, units: int) -> list[nn.Module]:
    if normalization == "none":
        return []
    return [nn.BatchNorm1d(units) if normalization == "batch" else group_norm(units)]
