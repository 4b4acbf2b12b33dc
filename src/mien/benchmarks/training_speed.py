"""How fast training is, whole, beside the bare step of the same network in the same run."""

import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from lightning import Callback, LightningModule, Trainer
from torch import Tensor

from mien.benchmarks.measurement import Measurement
from mien.models import create_model
from mien.training.callbacks import averaging_of
from mien.training.module import SplitsInMemory, TrainingModule
from mien.training.optimizers import build_optimizer
from mien.training.precision import choose_precision
from mien.training.recipe import Recipe, build_recipe
from mien.training.trainer import build_trainer, quiet_lightning

BATCH_SIZE = 128


def measure_training(*, steps: int = 12, rounds: int = 3) -> list[Measurement]:
    """Return pictures per second of training and its share of the bare step, with and without attention.

    Training is the trainer itself: data, augmentation, normalisation, step, averaged weights, progress left out. The
    bare step is forward, backward and optimizer on a ready batch. Both run in turns, in the precision that the machine
    trains in.

    Args:
        steps: Steps of each kind a round.
        rounds: Rounds; the median round counts.
    """
    measurements = []
    for attention, bound in ((False, 600), (True, 450)):
        settings = {"name": "bench", "model": {"name": "vgg_se", "attention": attention}}
        recipe = build_recipe(settings | {"training": {"epochs": rounds + 1, "batch_size": BATCH_SIZE}})
        bare, whole = _pictures_per_second(recipe, steps=steps)
        name = "VGG of width 32" + (" with squeeze-excitation" if attention else "")
        measurements += [
            Measurement(f"training, {name}", whole, "pictures/s", bound, is_upper=False),
            Measurement(f"training against the bare step, {name}", 100 * whole / bare, "%", 80, is_upper=False),
        ]
    return measurements


class _Stopwatch(Callback):
    """Times each epoch, and as many bare steps right before it; the first round warms up and does not count."""

    def __init__(self, bare_step: Callable[[], None], *, steps: int) -> None:
        self.bare_step, self.steps = bare_step, steps
        self.bare_seconds: list[float] = []
        self.whole_seconds: list[float] = []

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        started = time.perf_counter()
        for _ in range(self.steps):
            self.bare_step()
        self.bare_seconds.append(time.perf_counter() - started)
        self.started = time.perf_counter()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.whole_seconds.append(time.perf_counter() - self.started)


def _pictures_per_second(recipe: Recipe, *, steps: int) -> tuple[float, float]:
    images = torch.randint(0, 256, (BATCH_SIZE * steps, 1, 48, 48), dtype=torch.uint8)
    labels = torch.randint(0, 7, (BATCH_SIZE * steps,))
    precision, _ = choose_precision("auto")
    bare_step = _bare_step(recipe, images[:BATCH_SIZE], labels[:BATCH_SIZE], is_bfloat16=precision == "bfloat16")
    stopwatch = _Stopwatch(bare_step, steps=steps)
    network = create_model(recipe.model.name, **recipe.model.options)
    with quiet_lightning():
        callbacks = [*averaging_of(recipe), stopwatch]
        trainer = build_trainer(recipe, precision=precision, callbacks=callbacks, limit_val_batches=0)
        splits = SplitsInMemory((images, labels), (images, labels), recipe)
        trainer.fit(TrainingModule(network, recipe, mean=128, std=64), datamodule=splits)
    pictures = BATCH_SIZE * steps
    bare, whole = statistics.median(stopwatch.bare_seconds[1:]), statistics.median(stopwatch.whole_seconds[1:])
    return pictures / bare, pictures / whole


def _bare_step(recipe: Recipe, images: Tensor, labels: Tensor, *, is_bfloat16: bool) -> Callable[[], None]:
    network = create_model(recipe.model.name, **recipe.model.options).to(memory_format=torch.channels_last)
    optimizer = build_optimizer(network, **recipe.optimizer.arguments)
    ready = images.float().sub(128).div(64).contiguous(memory_format=torch.channels_last)

    def step() -> None:
        with torch.enable_grad(), torch.autocast("cpu", torch.bfloat16, enabled=is_bfloat16):
            loss = F.cross_entropy(network(ready).float(), labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step
