"""The section ``[augmentation]`` of a recipe: which random changes training pictures go through."""

from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from mien.errors import DataError
from mien.training.data_settings import Section

_ALWAYS_WRITTEN = ("flip", "rotation_degrees", "scale", "shift", "erase", "erase_pixels")
"""All that the first recipes had; every other key is written only where it is set, so that theirs stay as they are."""

_OF_STRENGTH = (
    "rotation_degrees", "scale", "shift", "shear_degrees", "brightness", "contrast", "noise_deviation", "occlusion",
    "erase", "mix_probability",
)  # fmt: skip
"""What a schedule of strength scales: flips and crops have none, they happen or do not."""


class AugmentationSettings(Section):
    """Random changes of the training pictures, drawn anew for each picture.

    Attributes:
        flip: Probability of a left-right mirror.
        flip_vertical: Probability of an upside-down mirror.
        rotation_degrees: Largest turn either way.
        rotation_probability: Share of the pictures that are turned.
        scale: Largest relative change of size either way.
        scale_probability: Share of the pictures that are made larger or smaller.
        shift: Largest move either way, as a share of the side.
        shift_probability: Share of the pictures that are moved.
        shear_degrees: Largest slant either way.
        shear_probability: Share of the pictures that are slanted.
        fill: What moves in from outside: ``black``, the ``edge`` repeated, the picture in a ``mirror``, its ``mean``.
        crop_pixels: Side of a square cut out of each picture; 0 takes the whole. The network then judges the centre.
        crop_probability: Share of the pictures cut at a random place; the others are cut at the centre.
        ten_crop: Whether each picture gives all ten crops, corners and centre, as they are and mirrored, to a step.
        brightness: Largest relative change of all levels either way.
        brightness_probability: Share of the pictures that are made lighter or darker.
        contrast: Largest relative change of the distance to the picture's mean either way.
        contrast_probability: Share of the pictures whose contrast changes.
        noise_deviation: Standard deviation of Gaussian noise, in levels of 255.
        noise_probability: Share of the pictures with noise.
        occlusion: Probability that something is drawn over the face.
        occlusions: What may be drawn: ``glasses``, ``mask``, ``hand``.
        erase: Probability that a rectangle is erased.
        erase_pixels: Smallest and largest side of that rectangle, in pixels.
        erase_fill: What it is filled with: one random ``grey``, ``black``, the picture's ``mean``, ``noise``.
        mixup: Both parameters of the beta distribution that two pictures are blended by; 0 blends none.
        cutmix: The same for the area of a rectangle taken from another picture; 0 takes none.
        mix_probability: Share of the pictures that are mixed; with both, each is blended or pasted into alike often.
        strength: ``constant``; ``rising`` from nothing in the first epoch; ``falling`` to nothing in the last one.
        strength_epochs: Share of all epochs over which it rises from the start, or falls towards the end.
    """

    flip: float = Field(0.5, ge=0, le=1)
    flip_vertical: float = Field(0.0, ge=0, le=1)
    rotation_degrees: float = Field(15.0, ge=0, le=180)
    rotation_probability: float = Field(1.0, ge=0, le=1)
    scale: float = Field(0.15, ge=0, lt=1)
    scale_probability: float = Field(1.0, ge=0, le=1)
    shift: float = Field(0.15, ge=0, lt=1)
    shift_probability: float = Field(1.0, ge=0, le=1)
    shear_degrees: float = Field(0.0, ge=0, lt=90)
    shear_probability: float = Field(1.0, ge=0, le=1)
    fill: Literal["black", "edge", "mirror", "mean"] = "black"
    crop_pixels: int = Field(0, ge=0)
    crop_probability: float = Field(1.0, ge=0, le=1)
    ten_crop: bool = False
    brightness: float = Field(0.0, ge=0, le=1)
    brightness_probability: float = Field(1.0, ge=0, le=1)
    contrast: float = Field(0.0, ge=0, le=1)
    contrast_probability: float = Field(1.0, ge=0, le=1)
    noise_deviation: float = Field(0.0, ge=0)
    noise_probability: float = Field(1.0, ge=0, le=1)
    occlusion: float = Field(0.0, ge=0, le=1)
    occlusions: tuple[Literal["glasses", "mask", "hand"], ...] = Field(
        ("glasses", "mask", "hand"), strict=False, min_length=1
    )
    erase: float = Field(0.5, ge=0, le=1)
    erase_pixels: tuple[int, int] = Field((6, 20), strict=False)
    erase_fill: Literal["grey", "black", "mean", "noise"] = "grey"
    mixup: float = Field(0.0, ge=0)
    cutmix: float = Field(0.0, ge=0)
    mix_probability: float = Field(1.0, ge=0, le=1)
    strength: Literal["constant", "rising", "falling"] = "constant"
    strength_epochs: float = Field(1.0, gt=0, le=1)

    @model_validator(mode="after")
    def _settings_fit_each_other(self) -> "AugmentationSettings":
        low, high = self.erase_pixels
        if not 1 <= low <= high:
            raise ValueError(f"erase_pixels is [{low}, {high}]; expected smallest and largest side, at least 1")
        if self.ten_crop and not self.crop_pixels:
            raise ValueError("ten_crop needs crop_pixels, the side of the crops, such as 40 of 48 pixels")
        return self

    @model_serializer(mode="wrap")
    def _without_what_is_not_set(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        settings: dict[str, Any] = dump(self)
        fields = type(self).model_fields
        return {
            name: value
            for name, value in settings.items()
            if name in _ALWAYS_WRITTEN or getattr(self, name) != fields[name].default
        }

    def check_size(self, height: int, width: int) -> None:
        """Check that crops fit into the training pictures.

        Raises:
            DataError: If they do not.
        """
        if self.crop_pixels > min(height, width):
            raise DataError(
                f"augmentation.crop_pixels is {self.crop_pixels}, and the training pictures are {height}x{width}; "
                f"expected {min(height, width)} at most, or 0 to take them whole"
            )

    def at_epoch(self, epoch: int, *, epochs: int) -> "AugmentationSettings":
        """Return the settings of one epoch, scaled by the schedule of strength.

        Args:
            epoch: Number of the epoch, from 0.
            epochs: Epochs in all.
        """
        if self.strength == "constant":
            return self
        from_nothing = epoch if self.strength == "rising" else epochs - 1 - epoch
        to_full = max(1, round(self.strength_epochs * epochs) - 1)
        strength = min(1.0, from_nothing / to_full)
        return self.model_copy(update={name: strength * getattr(self, name) for name in _OF_STRENGTH})
