"""The Lightning module: a normalised, augmented step of training and a plain one of validation."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import lightning
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim.lr_scheduler import ReduceLROnPlateau

from mien.errors import RecipeError
from mien.models import Classifier
from mien.models.outputs import to_logits
from mien.training.augmentation import AugmentationSettings, build_augmentation, build_mixing
from mien.training.batches import OrderedBatches, ShuffledBatches, epoch_generator
from mien.training.distillation import distill
from mien.training.freezing import backbone_names, freeze_backbone
from mien.training.losses import build_loss
from mien.training.optimizers import build_optimizer
from mien.training.recipe import Recipe
from mien.training.schedules import build_schedules
from mien.training.sharpness import sharpen
from mien.training.targets import Targets, to_probabilities

Batch = tuple[Tensor, Tensor]


class TrainingModule(lightning.LightningModule):
    """A network in training.

    Args:
        network: The network; put into channels-last layout.
        recipe: How it is trained; where it distils, soft targets stand behind the targets of each batch.
        mean: Mean grey value of the training split, 0..255.
        std: Standard deviation of the same.
        value_range: Values of black and white in the faces: 0 and 255 unless they were prepared to other numbers.
        class_weights: What an error in each class weighs, shape ``(num_classes,)``, float32; None weighs all alike.
    """

    def __init__(
        self,
        network: Classifier,
        recipe: Recipe,
        *,
        mean: float,
        std: float,
        value_range: tuple[float, float] = (0.0, 255.0),
        class_weights: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.network = network.to(memory_format=torch.channels_last)
        self.loss = build_loss(
            recipe.loss.name,
            output_activation=network.output_activation,
            label_smoothing=recipe.training.label_smoothing,
            class_weights=class_weights,
            has_alternatives=recipe.training.targets == "multi_target",
            last_layer=network.classifier,
            **recipe.loss.options,
        )
        self.recipe, self.mean, self.std = recipe, mean, std
        self.network.crop_side = recipe.augmentation.crop_pixels or None
        self.value_range = value_range
        self._set_augmentation(recipe.augmentation)
        self.generator = torch.Generator()
        self._start_counting()

    def normalise(self, images: Tensor) -> Tensor:
        """Return pictures of 0..255 with the training split's mean 0 and deviation 1, channels last."""
        return ((images.float() - self.mean) / self.std).contiguous(memory_format=torch.channels_last)

    def on_train_epoch_start(self) -> None:
        """Seed everything random anew, so that a resumed epoch equals one that never stopped."""
        seed, epoch = self.recipe.training.seed, self.current_epoch
        self.generator = epoch_generator(seed, epoch, stream=1, rank=self.global_rank)
        torch.manual_seed(epoch_generator(seed, epoch, stream=2, rank=self.global_rank).initial_seed())
        self._start_counting()
        epochs = self.recipe.training.epochs
        self._set_augmentation(self.recipe.augmentation.at_epoch(epoch, epochs=epochs))
        if self.recipe.finetuning.freeze_epochs:
            freeze_backbone(self.network, epoch < self.recipe.finetuning.freeze_epochs)

    def _start_counting(self) -> None:
        self.loss_sum, self.loss_count = torch.zeros((), dtype=torch.float64), 0

    def _set_augmentation(self, settings: AugmentationSettings) -> None:
        self.augmentation = build_augmentation(settings, value_range=self.value_range)
        self.mixing = build_mixing(settings)

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """Return the loss of one augmented batch."""
        images, targets = batch
        targets = to_probabilities(targets, self.network.num_classes)
        images = self.augmentation(images, self.generator)
        images, targets = self.mixing(images, targets.repeat_interleave(self.augmentation.copies, 0), self.generator)
        outputs = self.network(self.normalise(images)).float()
        loss = self._compute_loss(outputs, targets)
        counted = loss.detach().cpu() if loss.device.type == "mps" else loss.detach()  # that has no float64
        self.loss_sum = self.loss_sum + counted.double()  # no float(): the CPU would wait for a GPU in each step
        self.loss_count += 1
        return loss

    def _compute_loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        distillation = self.recipe.distillation
        if distillation is None:
            loss: Tensor = self.loss(outputs, targets)
            return loss
        targets, soft_targets = (half.contiguous() for half in targets.chunk(2, dim=1))
        logits = to_logits(outputs, self.network.output_activation)
        temperature, weight = distillation.temperature, distillation.weight
        return distill(self.loss(outputs, targets), logits, soft_targets, temperature=temperature, weight=weight)

    @property
    def mean_loss(self) -> float:
        """Mean loss of the epoch's steps so far; to read it is to wait for them."""
        return float(self.loss_sum) / max(self.loss_count, 1)

    def on_validation_epoch_start(self) -> None:
        """Start the validation figures anew."""
        self.validation_sums = torch.zeros(3, dtype=torch.float64)

    def validation_step(self, batch: Batch, _: int) -> None:
        """Count hits and sum the loss of one batch over the recipe's views."""
        images, labels = batch
        if not len(labels):  # a process may have fewer rows than the others
            return
        inputs = self.normalise(images)
        views = [inputs if view == "plain" else inputs.flip(-1) for view in self.recipe.training.views]
        activation = self.network.output_activation
        logits = torch.stack([to_logits(self.network(view).float(), activation) for view in views]).mean(dim=0)
        hits = (logits.argmax(dim=1) == labels).sum()
        loss = F.cross_entropy(logits, labels, reduction="sum")
        self.validation_sums += torch.stack([hits.double(), loss.double(), hits.new_tensor(len(labels)).double()]).cpu()

    @property
    def validation_accuracy(self) -> float:
        """Accuracy of the last validation, 0..1."""
        return float(self.validation_sums[0] / self.validation_sums[2])

    @property
    def validation_loss(self) -> float:
        """Cross-entropy of the last validation."""
        return float(self.validation_sums[1] / self.validation_sums[2])

    def on_validation_epoch_end(self) -> None:
        """Hand the figures to a schedule that looks at them."""
        self.log_dict({"validation_accuracy": self.validation_accuracy, "validation_loss": self.validation_loss})

    def configure_optimizers(self) -> Any:
        """Return optimizer and schedules as the recipe says.

        Raises:
            RecipeError: If the schedule does not fit the run, or looks at a validation that there is not.
        """
        settings, schedule, trainer = self.recipe.optimizer, self.recipe.schedule, self.trainer
        metric = schedule.options.get("metric")
        if metric and not trainer.enable_validation:
            raise RecipeError(f"schedule {schedule.name!r} looks at {metric}, but nothing validates; take another")
        rate = self.recipe.finetuning.backbone_rate
        factors = {} if rate == 1 else dict.fromkeys(backbone_names(self.network), rate)
        optimizer = build_optimizer(self.network, **settings.arguments, factors=factors)
        steps, batches = int(trainer.estimated_stepping_batches), int(trainer.num_training_batches)
        steps_per_epoch = math.ceil(batches / settings.accumulate)
        schedules = build_schedules(optimizer, **dict(schedule), steps=steps, steps_per_epoch=steps_per_epoch)
        # Lightning's own "epoch" comes after the checkpoint is written, so that a resumed run would miss it.
        after_validation = {"frequency": batches, "monitor": metric}
        return [optimizer], [
            {"scheduler": each, "interval": "step"} | (after_validation if isinstance(each, ReduceLROnPlateau) else {})
            for each in schedules
        ]

    def optimizer_step(
        self, epoch: int, batch_idx: int, optimizer: Any, optimizer_closure: Callable[[], Any] | None = None
    ) -> None:
        """Take a step, by the gradient at the worst point nearby where the recipe says so."""
        settings = self.recipe.optimizer
        if settings.sharpness and optimizer_closure is not None:
            optimizer_closure = sharpen(
                optimizer_closure,
                self.network,
                rho=settings.sharpness,
                is_adaptive=settings.adaptive_sharpness,
                again=partial(self._pass_uncounted, optimizer_closure),
                generators=[self.generator],
            )
        super().optimizer_step(epoch, batch_idx, optimizer, optimizer_closure)

    def _pass_uncounted(self, closure: Callable[[], Any]) -> None:
        counted = self.loss_sum, self.loss_count
        closure()
        self.loss_sum, self.loss_count = counted


class SplitsInMemory(lightning.LightningDataModule):
    """Training and validation split as tensors; the training order is drawn anew each epoch.

    The pictures go once, whole, to where the network trains, of several processes each to its own device.

    Args:
        training: Pictures ``(N, C, H, W)`` uint8 and labels ``(N,)``, or `Targets`.
        validation: Pictures and labels of the validation split.
        recipe: Gives batch size and seed.
        probabilities: How often each training picture is drawn, shape ``(N,)``; None takes each once an epoch.
        soft_targets: What teachers answered on the training pictures, shape ``(N, num_classes)``, float32. They stand
            behind the targets' probabilities, so that whatever mixes those mixes these alike.
    """

    def __init__(
        self,
        training: tuple[Tensor, Tensor | Targets],
        validation: Batch,
        recipe: Recipe,
        *,
        probabilities: Tensor | None = None,
        soft_targets: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.training, self.validation, self.recipe = training, validation, recipe
        self.probabilities, self.soft_targets = probabilities, soft_targets

    def setup(self, stage: str) -> None:
        """Put the pictures where the network trains, so that no batch has to be copied there."""
        assert self.trainer is not None
        device = self.trainer.strategy.root_device
        self.training = (self.training[0].to(device), self.training[1])
        self.validation = (self.validation[0].to(device), self.validation[1])

    def train_dataloader(self) -> ShuffledBatches:
        """Return the batches of the current epoch."""
        epoch = self.trainer.current_epoch if self.trainer else 0
        rank, world_size = self._place()
        settings = self.recipe.training
        images, targets = self.training
        values = targets.of_epoch(settings.seed, epoch) if isinstance(targets, Targets) else targets
        if self.soft_targets is not None:
            num_classes = self.soft_targets.shape[1]
            values = torch.cat([to_probabilities(values, num_classes), self.soft_targets], dim=1)
        return ShuffledBatches(
            images,
            values,
            batch_size=settings.batch_size,
            seed=settings.seed,
            epoch=epoch,
            probabilities=self.probabilities,
            rank=rank,
            world_size=world_size,
        )

    def val_dataloader(self) -> OrderedBatches:
        """Return the validation split."""
        rank, world_size = self._place()
        return OrderedBatches(*self.validation, rank=rank, world_size=world_size)

    def _place(self) -> tuple[int, int]:
        """Return the number of this process and how many there are."""
        return (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)
