"""Deletion and insertion: a good map names the pixels without which, and with which alone, a class is answered."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mien.evaluation.explanation.explained import ExplainedModel

BASELINES: tuple[str, ...] = ("blurred", "mean")
"""What stands where pixels are missing: the face blurred until nothing is left to read, or the mean grey value."""

_BLUR_SHARE = 1 / 8
_FACES_AT_A_TIME = 16


@dataclass(frozen=True, eq=False)
class DeletionCurves:
    """How a class's probability falls and rises as pixels go and come, the most important first.

    Args:
        deletion: Probability after each step of taking pixels away, shape ``(N, steps + 1)``, float64.
        insertion: The same of bringing them in, from none to all.
    """

    deletion: NDArray[np.float64]
    insertion: NDArray[np.float64]

    @property
    def deletion_areas(self) -> NDArray[np.float64]:
        """Area under each deletion curve, shape ``(N,)``, 0 to 1; the smaller, the better the map."""
        return _areas(self.deletion)

    @property
    def insertion_areas(self) -> NDArray[np.float64]:
        """Area under each insertion curve, shape ``(N,)``, 0 to 1; the larger, the better the map."""
        return _areas(self.insertion)


def measure_deletion(
    model: ExplainedModel,
    faces: Tensor,
    heat_maps: NDArray[np.float32],
    targets: NDArray[np.int64],
    *,
    steps: int = 16,
    baseline: str = "blurred",
    seed: int = 0,
) -> DeletionCurves:
    """Return what becomes of a class's probability as the pixels that a map names first go and come.

    Source: Petsiuk et al., RISE, https://arxiv.org/abs/1806.07421. Differs: one baseline serves both, and pixels that
    a map gives the same number follow each other in an order that is drawn, not from top to bottom.

    Args:
        model: What answered.
        faces: Shape ``(N, C, H, W)``, uint8 or float32, before normalisation.
        heat_maps: Raw maps, shape ``(N, H, W)``.
        targets: The class of each face that is explained, shape ``(N,)``.
        steps: In how many equal steps all pixels go.
        baseline: One of `BASELINES`.
        seed: Seed of the order of pixels that count alike.

    Raises:
        ValueError: If shapes do not fit, there is no step, or the baseline is unknown.
    """
    height, width = faces.shape[2:]
    if heat_maps.shape != (len(faces), height, width):
        raise ValueError(f"heat maps have shape {heat_maps.shape}; expected ({len(faces)}, {height}, {width})")
    if not 1 <= steps <= height * width:
        raise ValueError(f"steps is {steps}; expected 1 to {height * width}, the pixels of a face")
    if baseline not in BASELINES:
        raise ValueError(f"unknown baseline {baseline!r}; expected {' or '.join(BASELINES)}")
    ranks = torch.from_numpy(_rank_pixels(heat_maps, seed=seed))
    kept_counts = np.round(np.linspace(0, height * width, steps + 1)).astype(np.int64)
    curves: dict[str, list[NDArray[np.float64]]] = {"deletion": [], "insertion": []}
    for start in range(0, len(faces), _FACES_AT_A_TIME):
        rows = slice(start, start + _FACES_AT_A_TIME)
        images = faces[rows].float()
        empty = _blur(images) if baseline == "blurred" else torch.full_like(images, model.mean)
        classes = torch.from_numpy(targets[rows])
        for name, (first, others) in {"deletion": (empty, images), "insertion": (images, empty)}.items():
            probabilities = [
                model.compute_probabilities(torch.where(ranks[rows, None] < count, first, others))
                .gather(1, classes[:, None])[:, 0]
                .numpy()
                for count in kept_counts.tolist()
            ]
            curves[name].append(np.stack(probabilities, axis=1))
    nothing = np.zeros((0, steps + 1))
    return DeletionCurves(**{name: np.concatenate([nothing, *parts]) for name, parts in curves.items()})


def draw_random_maps(num_faces: int, size_hw: tuple[int, int], *, seed: int = 0) -> NDArray[np.float32]:
    """Return maps that know nothing, to hold others against, shape ``(N, H, W)``, float32, 0 to 1."""
    return np.random.default_rng(seed).random((num_faces, *size_hw), dtype=np.float32)


def _rank_pixels(heat_maps: NDArray[np.float32], *, seed: int) -> NDArray[np.int64]:
    """Return the place of each pixel in the order of importance, from 0, shape ``(N, H, W)``."""
    flat = heat_maps.reshape(len(heat_maps), heat_maps.shape[1] * heat_maps.shape[2])
    shuffled = np.random.default_rng(seed).permutation(flat.shape[1])
    order = shuffled[np.argsort(-flat[:, shuffled], axis=1, kind="stable")]
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(flat.shape[1])[None], axis=1)
    return ranks.reshape(heat_maps.shape).astype(np.int64)


def _blur(images: Tensor) -> Tensor:
    from torchvision.transforms.functional import gaussian_blur

    side = min(images.shape[2:])
    sigma = max(1.0, side * _BLUR_SHARE)
    kernel = min(2 * round(2 * sigma) + 1, 2 * (side - 1) - 1 if side > 1 else 1)
    blurred: Tensor = gaussian_blur(images, [max(1, kernel)] * 2, [sigma] * 2)
    return blurred


def _areas(curves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the areas under curves by trapezoids; all pixels are a length of 1."""
    areas: NDArray[np.float64] = (curves[:, :-1] + curves[:, 1:]).mean(axis=1) / 2
    return areas
