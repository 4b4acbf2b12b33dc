import torch

from mien.training.augmentation import AugmentationSettings, build_augmentation
from mien.training.batches import epoch_generator

NOTHING = {"flip": 0.0, "rotation_degrees": 0.0, "scale": 0.0, "shift": 0.0, "erase": 0.0}


def faces(count: int = 64, *, channels: int = 1, size_hw: tuple[int, int] = (48, 48)) -> torch.Tensor:
    """Return random pictures ``(B, C, H, W)``, uint8, without a black pixel."""
    generator = torch.Generator().manual_seed(5)
    return torch.randint(1, 256, (count, channels, *size_hw), dtype=torch.uint8, generator=generator)


def augment(
    images: torch.Tensor, seed: int = 0, *, value_range: tuple[float, float] = (0.0, 255.0), **settings: object
) -> torch.Tensor:
    """Return pictures after the settings named and no others."""
    augmentation = build_augmentation(AugmentationSettings(**{**NOTHING, **settings}), value_range=value_range)
    return augmentation(images, epoch_generator(seed, 0, stream=1))


def share_changed(images: torch.Tensor, changed: torch.Tensor) -> float:
    """Return the share of the pictures that are not what they were."""
    return float(((changed - images.float()).abs().amax(dim=(1, 2, 3)) > 1).float().mean())
