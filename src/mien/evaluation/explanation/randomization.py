"""The check by random weights: a map that stays as it was when all weights are drawn anew explains no network."""

from copy import deepcopy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mien.evaluation.explanation.explained import ExplainedNetwork
from mien.evaluation.explanation.method import explain_faces

MOST_ALIKE = 0.5
"""Largest mean rank correlation, in size, of maps that depend on what a network has learned."""


def compare_with_random_weights(
    model: ExplainedNetwork,
    faces: Tensor,
    heat_maps: NDArray[np.float32],
    targets: NDArray[np.int64],
    *,
    method: str,
    draws: int = 3,
    seed: int = 0,
    **options: Any,
) -> NDArray[np.float64]:
    """Return how much maps are like those of the same network with random weights: the size of the rank correlation.

    Source: Adebayo et al., Sanity Checks for Saliency Maps, https://arxiv.org/abs/1810.03292: all layers at once,
    Spearman's correlation of the raw maps.

    Args:
        model: The trained network.
        faces: Shape ``(N, C, H, W)``, uint8 or float32, before normalisation; at least two.
        heat_maps: The maps that `method` gives of the trained network, shape ``(N, H, W)``.
        targets: The class of each face that is explained, shape ``(N,)``.
        method: Registered name.
        draws: How often the weights are drawn.
        seed: Seed of the weights, and of what the method draws.
        options: Options of the method.

    Returns:
        Mean over the draws, shape ``(N,)``, float64, 0 to 1; an even map is like no other. Over all faces it should
        be at most `MOST_ALIKE`.

    Raises:
        MienError: As for `explain_faces`.
        ValueError: As for `explain_faces`.
    """
    likenesses = []
    for draw in range(draws):
        random_model = randomize_weights(model, faces, seed=seed + draw)
        others = explain_faces(random_model, faces, targets, method=method, seed=seed, **options)
        likenesses.append(np.abs(_correlate_ranks(heat_maps, others)))
    mean: NDArray[np.float64] = np.mean(likenesses, axis=0)
    return mean


def _correlate_ranks(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return Spearman's correlation of each two maps, 0 where one of them is even."""
    from scipy.stats import rankdata

    ranks = [rankdata(maps.reshape(len(maps), -1), axis=1).astype(np.float64) for maps in (one, other)]
    first, second = (each - each.mean(axis=1, keepdims=True) for each in ranks)
    sizes = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    correlations: NDArray[np.float64] = np.divide(
        (first * second).sum(axis=1), sizes, out=np.zeros(len(sizes)), where=sizes > 0
    )
    return correlations


def randomize_weights(model: ExplainedNetwork, faces: Tensor, *, seed: int = 0) -> ExplainedNetwork:
    """Return a copy of a network with all weights drawn anew, as training would begin.

    Layers draw their weights as torch does; what is no layer's own is drawn from a normal distribution of the mean and
    the spread that it has. Batch norm takes its statistics from the faces: with those of nowhere a random network
    sees nothing.

    Args:
        model: The network; it stays as it is.
        faces: Faces that the statistics come from, shape ``(N, C, H, W)``, uint8 or float32; at least two.
        seed: Seed of the weights.
    """
    network = deepcopy(model.network)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        drawn: set[int] = set()
        for module in network.modules():
            reset = getattr(module, "reset_parameters", None)
            if callable(reset):
                reset()
                drawn |= {id(parameter) for parameter in module.parameters()}
        for parameter in network.parameters():
            if id(parameter) not in drawn:
                spread = float(parameter.std()) if parameter.numel() > 1 else 0.0
                parameter.copy_(float(parameter.mean()) + spread * torch.randn_like(parameter))
        norms = [module for module in network.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
        for norm in norms:
            norm.train()
            norm.momentum = None  # the mean over all batches, of which there is one
        if norms:
            network(model.normalize(faces.float()))
    return ExplainedNetwork(network, mean=model.mean, std=model.std)
