"""A deep belief net: restricted Boltzmann machines one on the other, then the whole made to tell expressions apart."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from mien.models.estimator import Arrays, Estimator, EstimatorCard, Say, register_estimator


@register_estimator(
    "deep_belief_net",
    card=EstimatorCard(
        source="Hinton, Osindero and Teh, 'A Fast Learning Algorithm for Deep Belief Nets', 2006, "
        "https://doi.org/10.1162/neco.2006.18.7.1527; Hinton and Salakhutdinov, 'Reducing the Dimensionality of Data "
        "with Neural Networks', 2006, https://doi.org/10.1126/science.1127647",
        input_size=(1, 48, 48),
        packages=("scikit-learn", "torch"),
        studies=("cnn_lstm",),
        note="The study (section 3.1) describes the phases and gives no sizes; those here are mien's own.",
    ),
)
class DeepBeliefNet(Estimator):
    """Layers that first learn what faces look like, each from the one below, and then to tell expressions apart.

    First phase, without labels: each layer is a restricted Boltzmann machine (scikit-learn's, trained by persistent
    contrastive divergence) on the activations of the layer below. The lowest reads pixels as probabilities: a face's
    grey values are replaced by their ranks among its pixels, 0..1, so that light and contrast do not matter. Second
    phase, with labels: a logistic regression on top, and backpropagation through the whole (Adam, its rate falling to
    nothing).

    Differs: the paper of 2006 fine-tunes by a contrastive form of wake-sleep; the study, like Hinton and Salakhutdinov,
    by backpropagation.

    Args:
        hidden_units: Units of each hidden layer, from the lowest up.
        pretraining_epochs: Passes of each Boltzmann machine over the faces; 0 leaves its weights small and random.
        pretraining_rate: Its learning rate; one that is too large, such as 0.05 on 48x48 pixels, lets most units die.
        pretraining_batch_size: Faces a step of it.
        fine_tuning_epochs: Passes of backpropagation over the faces.
        fine_tuning_rate: Its learning rate at the start.
        fine_tuning_batch_size: Faces a step of it.

    Raises:
        ValueError: If a number is out of its range.
    """

    def __init__(
        self,
        *,
        hidden_units: Sequence[int] = (500, 500),
        pretraining_epochs: int = 5,
        pretraining_rate: float = 0.005,
        pretraining_batch_size: int = 20,
        fine_tuning_epochs: int = 20,
        fine_tuning_rate: float = 0.001,
        fine_tuning_batch_size: int = 100,
    ) -> None:
        super().__init__()
        is_list = isinstance(hidden_units, list | tuple) and bool(hidden_units)
        if not is_list or not all(type(units) is int and units > 0 for units in hidden_units):
            raise ValueError(f"hidden_units is {hidden_units!r}; expected a list of whole numbers above 0")
        counts = {
            "pretraining_batch_size": pretraining_batch_size,
            "fine_tuning_epochs": fine_tuning_epochs,
            "fine_tuning_batch_size": fine_tuning_batch_size,
        }
        rates = {"pretraining_rate": pretraining_rate, "fine_tuning_rate": fine_tuning_rate}
        for name, value in (counts | rates).items():
            if not value > 0:
                raise ValueError(f"{name} is {value}; expected a number above 0")
        if pretraining_epochs < 0:
            raise ValueError(f"pretraining_epochs is {pretraining_epochs}; expected at least 0")
        self.hidden_units = tuple(hidden_units)
        self.pretraining_epochs, self.pretraining_rate = pretraining_epochs, pretraining_rate
        self.pretraining_batch_size = pretraining_batch_size
        self.fine_tuning_epochs, self.fine_tuning_rate = fine_tuning_epochs, fine_tuning_rate
        self.fine_tuning_batch_size = fine_tuning_batch_size

    def learn(self, faces: NDArray[np.uint8], labels: NDArray[np.int64], *, seed: int, say: Say) -> Arrays:
        """Return weights and biases of each layer, the lowest first, the logistic regression last."""
        pixels = ranks_of_pixels(faces)
        layers = self._pretrain(pixels, seed=seed, say=say)
        num_classes = int(labels.max()) + 1
        # Of zeros, the top layer leaves those below alone in the first step, and nothing is left to chance.
        layers.append((np.zeros((num_classes, self.hidden_units[-1]), np.float32), np.zeros(num_classes, np.float32)))
        say(f"fine-tuning all layers for {self.fine_tuning_epochs} epochs")
        tuned = self._fine_tune(layers, torch.from_numpy(pixels), torch.from_numpy(labels), seed=seed)
        arrays: Arrays = {}
        for index, (weights, biases) in enumerate(tuned):
            arrays[f"weights_{index}"] = weights.detach().numpy()
            arrays[f"biases_{index}"] = biases.detach().numpy()
        return arrays

    def answer(self, faces: NDArray[np.uint8]) -> NDArray[np.floating]:
        """Return the softmax of the top layer."""
        layers = [
            (torch.from_numpy(self.learned[f"weights_{index}"]), torch.from_numpy(self.learned[f"biases_{index}"]))
            for index in range(len(self.hidden_units) + 1)
        ]
        with torch.inference_mode():
            return _logits(torch.from_numpy(ranks_of_pixels(faces)), layers).softmax(dim=1).numpy()

    def _pretrain(
        self, pixels: NDArray[np.float32], *, seed: int, say: Say
    ) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        from sklearn.neural_network import BernoulliRBM

        layers, below = [], pixels
        for number, units in enumerate(self.hidden_units, start=1):
            say(f"layer {number} of {len(self.hidden_units)}: {units} units learn from {below.shape[1]:,} below")
            machine = BernoulliRBM(
                units,
                learning_rate=self.pretraining_rate,
                batch_size=self.pretraining_batch_size,
                n_iter=self.pretraining_epochs,
                random_state=(seed + number) % 2**32,
            ).fit(below)
            weights = machine.components_.astype(np.float32)
            biases = machine.intercept_hidden_.astype(np.float32)
            layers.append((weights, biases))
            below = torch.sigmoid(F.linear(*map(torch.from_numpy, (below, weights, biases)))).numpy()
        return layers

    def _fine_tune(
        self,
        layers: list[tuple[NDArray[np.float32], NDArray[np.float32]]],
        pixels: Tensor,
        labels: Tensor,
        *,
        seed: int,
    ) -> list[tuple[Tensor, Tensor]]:
        tuned = [
            (torch.from_numpy(weights).requires_grad_(), torch.from_numpy(biases).requires_grad_())
            for weights, biases in layers
        ]
        optimizer = torch.optim.Adam([tensor for layer in tuned for tensor in layer], lr=self.fine_tuning_rate)
        num_steps = self.fine_tuning_epochs * -(-len(labels) // self.fine_tuning_batch_size)
        schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=num_steps)
        generator = torch.Generator().manual_seed(seed)
        for _ in range(self.fine_tuning_epochs):
            order = torch.randperm(len(labels), generator=generator)
            for start in range(0, len(labels), self.fine_tuning_batch_size):
                rows = order[start : start + self.fine_tuning_batch_size]
                loss = F.cross_entropy(_logits(pixels[rows], tuned), labels[rows])
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                schedule.step()
        return tuned


def ranks_of_pixels(faces: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return for each pixel the share of its face that is darker, half of those that are alike counted in.

    Args:
        faces: Shape ``(N, H, W)``, uint8.

    Returns:
        Shape ``(N, H * W)``, float32, 0..1; the mean of each face is one half.

    Example:
        >>> ranks_of_pixels(np.array([[[10, 10], [20, 200]]], dtype=np.uint8)).tolist()
        [[0.25, 0.25, 0.625, 0.875]]
    """
    pixels = faces.reshape(len(faces), -1)
    values = np.arange(len(faces))[:, None] * 256 + pixels
    counts = np.bincount(values.ravel(), minlength=256 * len(faces)).reshape(-1, 256)
    shares = (counts.cumsum(axis=1) - counts / 2) / pixels.shape[1]
    return np.take_along_axis(shares.astype(np.float32), pixels.astype(np.int64), axis=1)


def _logits(activations: Tensor, layers: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
    for weights, biases in layers[:-1]:
        activations = torch.sigmoid(F.linear(activations, weights, biases))
    return F.linear(activations, *layers[-1])
