"""Batches of a split that lies in memory as one uint8 tensor; no Python work per picture."""

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
    batch is left out, as batch norm wants full ones.

    Args:
        images: Pictures, shape ``(N, C, H, W)``, uint8.
        labels: Labels, shape ``(N,)``, int64, or probabilities of the classes, shape ``(N, num_classes)``, float32.
        batch_size: Pictures a batch.
        seed: Seed of the run.
        epoch: Number of the epoch.
        probabilities: How often each picture is drawn, with replacement, shape ``(N,)``; None takes each once.

    Raises:
        DataError: If there are fewer pictures than one batch needs.
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
    ) -> None:
        if len(images) < batch_size:
            raise DataError(f"{len(images)} training pictures are fewer than one batch of {batch_size}")
        self.images, self.labels, self.batch_size = images, labels, batch_size
        self.generator = epoch_generator(seed, epoch)
        self.probabilities = probabilities

    def __len__(self) -> int:
        return len(self.images) // self.batch_size

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        if self.probabilities is None:
            order = torch.randperm(len(self.images), generator=self.generator)
        else:
            order = torch.multinomial(self.probabilities, len(self.images), replacement=True, generator=self.generator)
        for start in range(0, len(self) * self.batch_size, self.batch_size):
            rows = order[start : start + self.batch_size]
            yield self.images[rows], self.labels[rows]


class OrderedBatches:
    """A split from its first row to its last.

    Args:
        images: Pictures, shape ``(N, C, H, W)``, uint8.
        labels: Labels, shape ``(N,)``, int64.
        batch_size: Pictures a batch; the last may be smaller.
    """

    def __init__(self, images: Tensor, labels: Tensor, *, batch_size: int = 256) -> None:
        self.images, self.labels, self.batch_size = images, labels, batch_size

    def __len__(self) -> int:
        return math.ceil(len(self.images) / self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for start in range(0, len(self.images), self.batch_size):
            end = start + self.batch_size
            yield self.images[start:end], self.labels[start:end]


def epoch_generator(seed: int, epoch: int, stream: int = 0) -> torch.Generator:
    """Return a generator that depends on seed, epoch and stream alone.

    Args:
        seed: Seed of the run.
        epoch: Number of the epoch.
        stream: Number of the use: 0 the order, 1 the augmentation, 2 everything else, 3 labels drawn from votes.
    """
    mixed = np.random.SeedSequence([seed, epoch, stream]).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(mixed) & 0x7FFF_FFFF_FFFF_FFFF)
