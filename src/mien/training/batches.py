"""Batches of a split that lies in memory, a GPU's or the CPU's, as one uint8 tensor; no Python work per picture."""

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from mien.data import FaceSet
from mien.errors import DataError


def faces_as_tensor(face_set: FaceSet) -> Tensor:
    """Return the pictures as one tensor, shape ``(N, C, H, W)``, uint8; grey sets have one channel."""
    faces = torch.from_numpy(np.array(face_set.faces))
    return faces[:, None] if faces.ndim == 3 else faces.permute(0, 3, 1, 2).contiguous()


class ShuffledBatches:
    """One epoch over a split in an order of its own.

    The order depends on seed and epoch alone, so a resumed run goes on as if it had never stopped. The last, smaller
    batch is left out, as batch norm wants full ones. Of several processes each takes an equal share of every batch, so
    that together they take the steps of one. Batches lie where the pictures lie.

    Args:
        images: Pictures, shape ``(N, C, H, W)``, uint8.
        labels: Labels, shape ``(N,)``, int64, or probabilities of the classes, shape ``(N, num_classes)``, float32.
        batch_size: Pictures a batch, over all processes.
        seed: Seed of the run.
        epoch: Number of the epoch.
        probabilities: How often each picture is drawn, with replacement, shape ``(N,)``; None takes each once.
        rank: Number of this process.
        world_size: Processes that share each batch.

    Raises:
        DataError: If there are fewer pictures than one batch needs, or a batch cannot be shared evenly.
    """

    def __init__(
        self,
        images: Tensor,
        labels: Tensor,
        *,
        batch_size: int,
        seed: int,
        epoch: int,
        probabilities: Tensor | None = None,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        check_batch_size(batch_size, num_training=len(images), world_size=world_size)
        self.images, self.labels, self.batch_size = images, labels.to(images.device), batch_size
        self.generator = epoch_generator(seed, epoch)
        self.probabilities = probabilities
        self.rank, self.share = rank, batch_size // world_size

    def __len__(self) -> int:
        return len(self.images) // self.batch_size

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        if self.probabilities is None:
            order = torch.randperm(len(self.images), generator=self.generator)
        else:
            order = torch.multinomial(self.probabilities, len(self.images), replacement=True, generator=self.generator)
        order = order.to(self.images.device)
        first = self.rank * self.share
        for start in range(first, first + len(self) * self.batch_size, self.batch_size):
            rows = order[start : start + self.share]
            yield self.images[rows], self.labels[rows]


class OrderedBatches:
    """A split from its first row to its last; of n processes each takes every n-th row.

    All processes have equally many batches, as they wait for each other; the last may be smaller, even empty. Batches
    lie where the pictures lie.

    Args:
        images: Pictures, shape ``(N, C, H, W)``, uint8.
        labels: Labels, shape ``(N,)``, int64.
        batch_size: Pictures a batch of one process.
        rank: Number of this process.
        world_size: Processes that share the split.
    """

    def __init__(
        self, images: Tensor, labels: Tensor, *, batch_size: int = 256, rank: int = 0, world_size: int = 1
    ) -> None:
        self.num_batches = math.ceil(len(images) / (batch_size * world_size))
        self.images, self.labels = images[rank::world_size], labels[rank::world_size].to(images.device)
        self.batch_size = batch_size

    def __len__(self) -> int:
        return self.num_batches

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for start in range(0, len(self) * self.batch_size, self.batch_size):
            end = start + self.batch_size
            yield self.images[start:end], self.labels[start:end]


def check_batch_size(batch_size: int, *, num_training: int, world_size: int = 1) -> None:
    """Refuse batches that cannot be made.

    Raises:
        DataError: If there are fewer pictures than one batch needs, or a batch cannot be shared evenly.
    """
    if num_training < batch_size:
        raise DataError(
            f"{num_training} training pictures are fewer than one batch of {batch_size}; lower training.batch_size"
        )
    if batch_size % world_size:
        raise DataError(
            f"{world_size} processes cannot share a batch of {batch_size} evenly; "
            f"make training.batch_size a multiple of {world_size}"
        )


def epoch_generator(seed: int, epoch: int, stream: int = 0, rank: int = 0) -> torch.Generator:
    """Return a generator that depends on seed, epoch, stream and process alone.

    Args:
        seed: Seed of the run.
        epoch: Number of the epoch.
        stream: Number of the use: 0 the order, 1 the augmentation, 2 everything else, 3 labels drawn from votes, 4
            renewed statistics.
        rank: Number of this process; the order is one for all of them.
    """
    entropy = [seed, epoch, stream, rank] if rank else [seed, epoch, stream]
    mixed = np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(mixed) & 0x7FFF_FFFF_FFFF_FFFF)
