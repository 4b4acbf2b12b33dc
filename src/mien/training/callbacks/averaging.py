"""Means of the weights, which are judged and kept in their stead."""

import torch
from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import EMAWeightAveraging, WeightAveraging
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim.swa_utils import update_bn

from mien.training.batches import epoch_generator
from mien.training.module import SplitsInMemory, TrainingModule
from mien.training.recipe import Recipe


def averaging_of(recipe: Recipe) -> list[Callback]:
    """Return the callback that averages the weights, or none where the recipe does not."""
    settings = recipe.training
    # Left to itself it would stay where the network is before it moves to the GPU, and copy all weights each step.
    device = "cuda" if torch.cuda.is_available() and recipe.trainer.accelerator in ("auto", "gpu") else None
    if settings.average == "stochastic":
        return [StochasticAveraging(int(settings.average_from * settings.epochs), device=device)]
    if not settings.average_decay:
        return []
    return [EMAWeightAveraging(device=device, decay=settings.average_decay)]


class StochasticAveraging(WeightAveraging):
    """Stochastic weight averaging: the equal mean of the weights at the end of each epoch from one on.

    Before that epoch the weights are judged as they are. Wherever the mean is judged, the statistics of batch norm are
    computed anew for it, over the epoch's training batches, augmented anew; of several processes by the first one's
    share.

    Source: Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization", 2018,
    https://arxiv.org/abs/1803.05407. Differs: the learning rate is the recipe's schedule, neither held nor cycled.

    Args:
        first_epoch: The epoch, counted from 0, whose weights are the first of the mean.
        device: Where the mean lies; None leaves it with the network.
    """

    def __init__(self, first_epoch: int, *, device: str | None = None) -> None:
        super().__init__(device=device, use_buffers=False)
        self.first_epoch, self.steps_per_epoch = first_epoch, 1

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Learn how many steps an epoch has."""
        self.steps_per_epoch = int(trainer.estimated_stepping_batches) // (trainer.max_epochs or 1)

    def should_update(self, step_idx: int | None = None, epoch_idx: int | None = None) -> bool:
        """Return whether a step, counted from 0, is the last of an epoch that counts; it comes before validation."""
        if step_idx is None:
            return False
        epoch, step = divmod(step_idx, self.steps_per_epoch)
        return step == self.steps_per_epoch - 1 and epoch >= self.first_epoch

    def on_validation_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Put the mean in the place of the weights, with statistics of its own."""
        if trainer.current_epoch < self.first_epoch:
            return
        super().on_validation_epoch_start(trainer, pl_module)
        if any(isinstance(layer, _BatchNorm) for layer in pl_module.modules()):
            _renew_statistics(trainer, pl_module)

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Put the weights back in their place."""
        if trainer.current_epoch >= self.first_epoch:
            super().on_validation_epoch_end(trainer, pl_module)


def _renew_statistics(trainer: Trainer, module: LightningModule) -> None:
    data = trainer.datamodule  # type: ignore[attr-defined]
    assert isinstance(module, TrainingModule)
    assert isinstance(data, SplitsInMemory)
    generator = epoch_generator(module.recipe.training.seed, trainer.current_epoch, stream=4)
    batches = (images for images, _ in data.train_dataloader())
    with trainer.precision_plugin.forward_context():
        update_bn((module.normalise(module.augmentation(images, generator)) for images in batches), module.network)
