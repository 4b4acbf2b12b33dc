"""Random changes of training pictures, a file a subject; ``TrainingModule`` draws them for each batch."""

from mien.training.augmentation.chain import Augmentation, build_augmentation, build_mixing
from mien.training.augmentation.mixing import Mixing
from mien.training.augmentation.settings import AugmentationSettings

__all__ = ["Augmentation", "AugmentationSettings", "Mixing", "build_augmentation", "build_mixing"]
