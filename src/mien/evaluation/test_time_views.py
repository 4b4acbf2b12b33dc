"""Test-time augmentation: the views of each face whose answers are averaged, named so that a figure can say them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from pydantic import ValidationError
from torch import Tensor
from torchvision.transforms.functional import five_crop

from mien.errors import RecipeError, suggest
from mien.recognition.model_file import VIEWS
from mien.training.augmentation import AugmentationSettings, build_augmentation
from mien.training.augmentation.movement import affine_maps, move
from mien.training.batches import epoch_generator

FORMS = "plain, flip, five_crop, ten_crop, rotate:DEGREES, N*recipe, N*SETTING=VALUE"
"""How views are written."""

NOTHING = AugmentationSettings(flip=0, rotation_degrees=0, scale=0, shift=0, erase=0)
"""An augmentation that leaves pictures as they are, to which a view adds what it names."""

_STREAM = 5
_CROPS = re.compile(r"(five|ten)_crop(?::(\d+))?")
_ROTATION = re.compile(r"rotate:([+-]?\d+(?:\.\d+)?)")
_DRAWS = re.compile(r"(\d+)\*(recipe|[a-z_]+=[^+@]+(?:\+[a-z_]+=[^+@]+)*)(?:@(\d+))?")
_SHARE_OF_A_CROP = 40 / 48


@dataclass(frozen=True)
class _Crops:
    is_mirrored: bool
    side: int | None

    def show(self, faces: Tensor, place: "_Place") -> Iterator[Tensor]:
        side = self.side or place.crop_side or round(_SHARE_OF_A_CROP * min(faces.shape[2:]))
        if side > min(faces.shape[2:]):
            raise RecipeError(f"crops of {side} pixels do not fit into faces of {faces.shape[2]}x{faces.shape[3]}")
        for crop in five_crop(faces, [side, side]):
            # A network that trained on crops of this side takes them as they are.
            whole = crop if side == place.crop_side else _enlarge(crop, faces.shape[2:])
            yield whole
            if self.is_mirrored:
                yield whole.flip(-1)


@dataclass(frozen=True)
class _Turn:
    degrees: float

    def show(self, faces: Tensor, place: "_Place") -> Iterator[Tensor]:
        count = len(faces)
        maps = affine_maps(
            angle=torch.full((count,), torch.pi * self.degrees / 180),
            size=torch.ones(count),
            shear=torch.zeros(count),
            mirror_xy=torch.ones(2, count),
            shift_xy=torch.zeros(2, count),
            size_hw=(faces.shape[2], faces.shape[3]),
        )
        yield move(faces, maps, black=place.value_range[0])


@dataclass(frozen=True)
class _Draws:
    count: int
    settings: AugmentationSettings
    seed: int

    def show(self, faces: Tensor, place: "_Place") -> Iterator[Tensor]:
        augmentation = build_augmentation(self.settings, value_range=place.value_range)
        for number in range(self.count):
            yield augmentation(faces, epoch_generator(self.seed, number, stream=_STREAM, rank=place.first))


@dataclass(frozen=True)
class _Plain:
    is_mirrored: bool

    def show(self, faces: Tensor, place: "_Place") -> Iterator[Tensor]:
        yield faces.flip(-1) if self.is_mirrored else faces


@dataclass(frozen=True)
class _Place:
    """Where the faces of a batch stand and what they are for."""

    first: int
    crop_side: int | None
    value_range: tuple[float, float]


@dataclass(frozen=True)
class TestTimeViews:
    """Views in the order that mien keeps them in: plain, flip, and the others by name.

    Args:
        names: What figures and files call them.
        views: The views.
    """

    __test__ = False  # no test, whatever pytest takes it for

    names: tuple[str, ...]
    views: tuple[_Plain | _Crops | _Turn | _Draws, ...]

    def show(
        self,
        faces: Tensor,
        *,
        first: int = 0,
        crop_side: int | None = None,
        value_range: tuple[float, float] = (0.0, 255.0),
    ) -> Iterator[Tensor]:
        """Yield what a network is shown of some faces, view after view, each ``(B, C, h, w)``, float32.

        Args:
            faces: Shape ``(B, C, H, W)``, in the numbers that the network was trained on, before normalisation.
            first: Row of the first of them, with which draws differ.
            crop_side: Side of the crops that the network was trained on, if any.
            value_range: Values of black and white.

        Raises:
            RecipeError: If crops do not fit into the faces.
        """
        place = _Place(first, crop_side, value_range)
        for view in self.views:
            yield from view.show(faces.float(), place)


def parse_views(names: Sequence[str], *, augmentation: AugmentationSettings | None = None) -> TestTimeViews:
    """Return the views of some names.

    ``plain``, ``flip``; ``five_crop`` (corners and centre, of the side that the network trained on or else five sixths
    of the whole, then enlarged to it; ``five_crop:36`` names a side) and ``ten_crop`` (mirrored, too); ``rotate:-10``
    (degrees, anticlockwise); ``8*recipe`` (eight draws of the recipe's own augmentation); ``4*scale=0.1+shift=0.1``
    (four of these settings of ``[augmentation]``, nothing else); ``4*scale=0.1@7`` draws them with another seed than 0.
    Each crop and each draw counts as much as ``plain``.

    Args:
        names: The names, each once.
        augmentation: The recipe's augmentation, which ``N*recipe`` draws from.

    Raises:
        RecipeError: If there is none, one is unknown, or one stands twice.
    """
    if not names or len(set(names)) != len(names):
        raise RecipeError(f"views must be different ones; got {', '.join(names) or 'none'}")
    others = sorted(name for name in names if name not in VIEWS)
    ordered = (*(name for name in VIEWS if name in names), *others)
    return TestTimeViews(ordered, tuple(_parse(name, augmentation) for name in ordered))


def _parse(name: str, augmentation: AugmentationSettings | None) -> _Plain | _Crops | _Turn | _Draws:
    if name in VIEWS:
        return _Plain(is_mirrored=name == "flip")
    if found := _CROPS.fullmatch(name):
        return _Crops(is_mirrored=found[1] == "ten", side=int(found[2]) if found[2] else None)
    if found := _ROTATION.fullmatch(name):
        return _Turn(float(found[1]))
    if (found := _DRAWS.fullmatch(name)) and int(found[1]):
        return _Draws(int(found[1]), _read_settings(name, found[2], augmentation), int(found[3] or 0))
    known = (*VIEWS, "five_crop", "ten_crop")
    raise RecipeError(f"unknown view {name!r}{suggest(name, known)}; views are {FORMS}")


def _read_settings(name: str, written: str, augmentation: AugmentationSettings | None) -> AugmentationSettings:
    if written == "recipe":
        if augmentation is None:
            raise RecipeError(f"view {name!r}: there is no recipe to draw from; name settings of [augmentation]")
        return _without_crops_of_ten(augmentation)
    changes: dict[str, Any] = {}
    for part in written.split("+"):
        key, _, value = part.partition("=")
        changes[key] = _as_number(value)
    try:
        return _without_crops_of_ten(AugmentationSettings.model_validate(NOTHING.model_dump() | changes))
    except ValidationError as fault:
        lines = [
            f"{'.'.join(map(str, each['loc']))}: {each['msg']}" if each["loc"] else each["msg"]
            for each in fault.errors(include_url=False)
        ]
        raise RecipeError(f"view {name!r}: {'; '.join(lines)}") from None


def _without_crops_of_ten(settings: AugmentationSettings) -> AugmentationSettings:
    """Return settings by which one picture gives one."""
    return settings.model_copy(update={"ten_crop": False})


def _as_number(value: str) -> Any:
    try:
        return float(value) if "." in value or "e" in value else int(value)
    except ValueError:
        return value


def _enlarge(crops: Tensor, size_hw: Sequence[int]) -> Tensor:
    return F.interpolate(crops, size=tuple(size_hw), mode="bilinear", align_corners=False, antialias=False)
