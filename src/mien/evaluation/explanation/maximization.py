"""Activation maximisation: the picture that a network takes for a class more than any other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mien.data.showing import as_levels
from mien.evaluation.explanation.answered import check_expressions
from mien.evaluation.explanation.explained import ExplainedNetwork, load_explained, require_network
from mien.evaluation.explanation.tiles import Section, Sheets, Tile, draw_tiles
from mien.evaluation.judged_model import JudgedModel
from mien.training.training_data import read_training_data

_START_SPREAD = 0.02
_SIDE, _CLASSES_IN_A_LINE = 192, 4


@dataclass(frozen=True, eq=False)
class MaximizedClasses:
    """Pictures that a network was made to see in nothing.

    Args:
        images: Shape ``(N, C, H, W)``, float32, in the values of the faces that it was trained on.
        probabilities: Probability of the class of each, shape ``(N,)``, float64.
    """

    images: NDArray[np.float32]
    probabilities: NDArray[np.float64]


def maximize_classes(
    model: ExplainedNetwork,
    targets: NDArray[np.int64],
    size_hw: tuple[int, int],
    *,
    value_range: tuple[float, float] = (0.0, 255.0),
    steps: int = 200,
    learning_rate: float = 0.05,
    decay: float = 0.1,
    variation: float = 3.0,
    shift: int = 2,
    seed: int = 0,
) -> MaximizedClasses:
    """Return pictures whose class scores were driven up, from mean grey with a little noise.

    Adam climbs the logarithm of the class's odds less what makes pictures unlike faces: `decay` times the mean squared
    distance from grey, as in the source, and `variation` times the mean absolute difference of neighbours, after
    Mahendran and Vedaldi (https://arxiv.org/abs/1412.0035). Before each step the picture is shifted a little. Distances
    are in standard deviations of the training faces, and values stay in their range.

    Source: Simonyan et al., Deep Inside Convolutional Networks, https://arxiv.org/abs/1312.6034, section 2. Differs:
    the odds, not the class's own logit, which rises for a class and those like it alike.

    Args:
        model: The network.
        targets: Class of each picture, shape ``(N,)``.
        size_hw: Height and width of the pictures.
        value_range: Black and white.
        steps: Steps of Adam.
        learning_rate: Its rate, in standard deviations.
        decay: Weight of the distance from grey.
        variation: Weight of the differences of neighbours.
        shift: Most pixels by which a picture is shifted each way; what leaves on one side comes in on the other.
        seed: Seed of noise and shifts.

    Raises:
        ValueError: If there is no step, or a class is none of the network's.
    """
    if steps < 1:
        raise ValueError(f"steps is {steps}; expected at least 1")
    if len(targets) and not 0 <= targets.min() <= targets.max() < model.num_classes:
        raise ValueError(f"targets lie in {targets.min()}..{targets.max()}; expected 0..{model.num_classes - 1}")
    generator = torch.Generator().manual_seed(seed)
    low, high = ((value - model.mean) / model.std for value in value_range)
    classes = torch.from_numpy(targets)[:, None]
    # The same noise for every class, so that what differs is the class's doing.
    noise = torch.randn(1, model.network.in_channels, *size_hw, generator=generator)
    seen = (_START_SPREAD * noise).repeat(len(targets), 1, 1, 1).requires_grad_()
    optimizer = torch.optim.Adam([seen], lr=learning_rate)
    for _ in range(steps):
        moves = torch.randint(-shift, shift + 1, (2,), generator=generator).tolist()
        moved = seen.roll(moves, dims=(2, 3))
        scores = _measure_lead(model.compute_logits(moved * model.std + model.mean), classes)
        penalties = decay * seen.square().mean(dim=(1, 2, 3)) + variation * _measure_variation(seen)
        optimizer.zero_grad()
        (penalties - scores).sum().backward(inputs=[seen])  # type: ignore[no-untyped-call]
        optimizer.step()
        with torch.no_grad():
            seen.clamp_(low, high)
    images = seen.detach() * model.std + model.mean
    probabilities = model.compute_probabilities(images).gather(1, classes)[:, 0]
    return MaximizedClasses(images.numpy(), probabilities.numpy())


def _measure_lead(logits: Tensor, classes: Tensor) -> Tensor:
    """Return by how much a class's logit leads before all others together: the logarithm of its odds."""
    others = logits.scatter(1, classes, -torch.inf).logsumexp(dim=1)
    return logits.gather(1, classes)[:, 0] - others


def _measure_variation(images: Tensor) -> Tensor:
    """Return the mean absolute difference of neighbours in each picture."""
    down, across = images.diff(dim=2).abs(), images.diff(dim=3).abs()
    return down.mean(dim=(1, 2, 3)) + across.mean(dim=(1, 2, 3))


def maximize_run(
    run: JudgedModel, *, expressions: Sequence[str] | None = None, seed: int = 0, **options: Any
) -> Sheets:
    """Return a contact sheet of pictures that a network takes for its classes more than any other, contrast stretched.

    Args:
        run: A trained run, of a network.
        expressions: Classes; None takes all.
        seed: Seed of what the pictures begin with.
        options: Options of `maximize_classes`.

    Raises:
        ExplanationError: If the run is of an estimator, or an ensemble.
        MienError: If a class is unknown.
        RunFolderError: If there are no weights yet.
    """
    network = require_network(load_explained(run))
    known = run.facts["expressions"]
    wanted = check_expressions(expressions, known)
    faces = read_training_data(run.recipe.data).face_set.faces
    value_range = (0.0, 255.0) if faces.dtype == np.uint8 else (float(faces.min()), float(faces.max()))
    found = maximize_classes(
        network,
        np.array([known.index(each) for each in wanted], dtype=np.int64),
        (faces.shape[1], faces.shape[2]),
        value_range=value_range,
        seed=seed,
        **options,
    )
    tiles = []
    for expression, image, probability in zip(wanted, found.images, found.probabilities.tolist(), strict=True):
        levels = as_levels(image[0] if len(image) == 1 else image.transpose(1, 2, 0))
        tiles.append(Tile((levels,), (f"{expression} {100 * probability:.0f} %",)))
    title = f"{run.recipe.name}: pictures that were changed until it took them for a class"
    section = Section(f"seed {seed}", tuple(tiles))
    return {"maximised": draw_tiles(title, [section], columns=_CLASSES_IN_A_LINE, side=_SIDE)}
