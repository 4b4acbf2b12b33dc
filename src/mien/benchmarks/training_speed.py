"""How fast training is, whole, beside a plain loop and the bare step of the same network, and its memory."""

import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count, repeat

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from mien.benchmarks.made_up_training import DEVIATION, MEAN, Stopwatch, make_faces, train_on
from mien.benchmarks.measurement import Measurement
from mien.data import FaceSet
from mien.errors import MienError
from mien.models import create_model
from mien.training.augmentation import build_augmentation
from mien.training.batches import ShuffledBatches, epoch_generator, faces_as_tensor
from mien.training.optimizers import build_optimizer
from mien.training.precision import choose_precision
from mien.training.recipe import Recipe, build_recipe

BATCH_SIZE, GPU_BATCH_SIZE = 128, 512

FER2013_COUNTS = (28_709, 3_589)
"""Rows of FER2013's training and validation split."""

_MEMORY_PROGRAM = """
import sys
from mien.benchmarks.made_up_training import make_faces, train_on
from mien.benchmarks.memory import peak_megabytes
from mien.benchmarks.training_speed import build_speed_recipe
recipe = build_speed_recipe(epochs=2)
steps, *counts = map(int, sys.argv[1:])
train_on(make_faces(*counts), recipe, callbacks=[], limit_train_batches=steps)
print(peak_megabytes())
"""


def measure_training(*, steps: int = 12, rounds: int = 3) -> list[Measurement]:
    """Return what `measure_steps`, `measure_memory` and `measure_gpu` do."""
    return [*measure_steps(steps=steps, rounds=rounds), measure_memory(steps=steps), measure_gpu()]


def measure_steps(*, steps: int = 12, rounds: int = 3) -> list[Measurement]:
    """Return pictures per second on the CPU, their share of the bare step, and the overhead, of two networks.

    Training is the whole run: data, augmentation, normalisation, step, averaged weights, guard, progress, and its share
    of what is written after an epoch of FER2013. The bare step is forward, backward and optimizer on a ready batch. The
    overhead is what training takes beyond a plain loop over such batches with the same augmentation, normalisation,
    step and averaged weights. All take turns step by step, in the precision that the CPU trains in.

    Args:
        steps: Steps of each kind a round.
        rounds: Rounds; the median round counts.
    """
    face_set = make_faces(BATCH_SIZE * steps, 7)
    measurements = []
    for attention, bound in ((False, 600), (True, 450)):
        recipe = build_speed_recipe(attention=attention, epochs=rounds + 1)
        stopwatch = Stopwatch(
            bare=_build_step(recipe, repeat(_ready_batch(face_set))),
            plain=_build_step(recipe, _augmented_batches(recipe, face_set), is_averaged=True),
        )
        train_on(face_set, recipe, callbacks=[stopwatch])
        share = steps * BATCH_SIZE / FER2013_COUNTS[0]
        kinds = zip(*(stopwatch.seconds[kind][1:] for kind in ("whole", "end", "bare", "plain")), strict=True)
        rows = [(whole + share * end, bare, plain) for whole, end, bare, plain in kinds]
        name = "VGG of width 32" + (" with squeeze-excitation" if attention else "")
        rate = statistics.median(steps * BATCH_SIZE / whole for whole, _, _ in rows)
        of_bare = statistics.median(100 * bare / whole for whole, bare, _ in rows)
        overhead = statistics.median(100 * (whole / plain - 1) for whole, _, plain in rows)
        measurements += [
            Measurement(f"training, {name}", rate, "pictures/s", bound, is_upper=False),
            Measurement(f"training against the bare step, {name}", of_bare, "%", 80, is_upper=False),
            Measurement(f"overhead of trainer, logging and progress, {name}", overhead, "%", 5),
        ]
    return measurements


def measure_memory(*, steps: int = 12, counts: tuple[int, int] = FER2013_COUNTS) -> Measurement:
    """Return the peak memory of a process that trains on as many faces as FER2013 has, two short epochs.

    Args:
        steps: Steps an epoch.
        counts: Rows of the training and the validation split.

    Raises:
        MienError: If that process fails.
    """
    command = [sys.executable, "-c", _MEMORY_PROGRAM, *map(str, (steps, *counts))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MienError(f"training in a process of its own failed: {done.stderr.strip().splitlines()[-1]}")
    return Measurement(
        f"peak memory of training on {sum(counts):,} faces, VGG of width 32", float(done.stdout.split()[-1]), "MB", 2500
    )


def measure_gpu() -> Measurement:
    """Return pictures per second on one GPU; without a figure where there is none."""
    name, value = f"training on a GPU, VGG of width 32, batches of {GPU_BATCH_SIZE}", None
    if torch.cuda.is_available():
        value = measure_rate(build_speed_recipe(epochs=4, accelerator="gpu", batch_size=GPU_BATCH_SIZE), steps=56)
    return Measurement(name, value, "pictures/s", 20_000, is_upper=False)


def measure_rate(recipe: Recipe, *, steps: int) -> float:
    """Return pictures per second of a whole run, checkpoints included, which make the CPU wait for a GPU.

    Args:
        recipe: What to train; the first epoch warms up, of the others the median counts.
        steps: Steps an epoch.
    """
    stopwatch, batch_size = Stopwatch(), recipe.training.batch_size
    train_on(make_faces(steps * batch_size, 7), recipe, callbacks=[stopwatch])
    epochs = zip(stopwatch.seconds["whole"][1:], stopwatch.seconds["end"][1:], strict=True)
    return steps * batch_size / statistics.median(map(sum, epochs))


def build_speed_recipe(
    *, epochs: int, attention: bool = False, accelerator: str = "cpu", batch_size: int = BATCH_SIZE
) -> Recipe:
    """Return the recipe that is timed: a VGG of width 32, and the default for all else."""
    return build_recipe(
        {
            "name": "bench",
            "model": {"name": "vgg_se", "attention": attention},
            "training": {"epochs": epochs, "batch_size": batch_size},
            "trainer": {"accelerator": accelerator},
        }
    )


def _normalise(images: Tensor) -> Tensor:
    return ((images.float() - MEAN) / DEVIATION).contiguous(memory_format=torch.channels_last)


def _ready_batch(face_set: FaceSet) -> tuple[Tensor, Tensor]:
    batch = face_set.select(face_set.labels.argsort()[:BATCH_SIZE])
    return _normalise(faces_as_tensor(batch)), torch.from_numpy(batch.labels)


def _augmented_batches(recipe: Recipe, face_set: FaceSet) -> Iterator[tuple[Tensor, Tensor]]:
    training = face_set.split("training")
    images, labels = faces_as_tensor(training), torch.from_numpy(training.labels)
    augmentation, generator = build_augmentation(recipe.augmentation), epoch_generator(0, 0, stream=1)
    for epoch in count():
        for batch, targets in ShuffledBatches(images, labels, batch_size=BATCH_SIZE, seed=0, epoch=epoch):
            yield _normalise(augmentation(batch, generator)), targets


def _build_step(
    recipe: Recipe, batches: Iterator[tuple[Tensor, Tensor]], *, is_averaged: bool = False
) -> Callable[[], None]:
    network = create_model(recipe.model.name, **recipe.model.options).to(memory_format=torch.channels_last)
    optimizer = build_optimizer(network, **recipe.optimizer.arguments)
    average_function = get_ema_multi_avg_fn(recipe.training.average_decay)  # type: ignore[no-untyped-call]
    average = AveragedModel(network, multi_avg_fn=average_function, use_buffers=True) if is_averaged else None
    is_bfloat16 = choose_precision("auto", accelerator="cpu")[0] == "bfloat16"

    def step() -> None:
        inputs, labels = next(batches)
        with torch.enable_grad(), torch.autocast("cpu", torch.bfloat16, enabled=is_bfloat16):
            loss = F.cross_entropy(network(inputs).float(), labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if average:
            average.update_parameters(network)

    return step
