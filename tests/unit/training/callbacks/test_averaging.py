from pathlib import Path
from typing import Any

import pytest
import torch
from lightning import Callback
from lightning.pytorch.callbacks import EMAWeightAveraging
from rich.console import Console
from torch import Tensor, nn

from mien.training import read_recipe, train
from mien.training.batches import ShuffledBatches
from mien.training.callbacks import StochasticAveraging, averaging_of
from mien.training.module import SplitsInMemory, TrainingModule
from mien.training.recipe import build_recipe
from mien.training.trainer import build_trainer, quiet_lightning
from tests.unit.training.test_module import make_module

NUM_EPOCHS, FIRST = 4, 2


def averaging(**training: object) -> list[Callback]:
    return averaging_of(build_recipe({"name": "some", "model": {"name": "vgg_se"}, "training": training}))


def test_the_mean_is_exponential_by_default_and_left_out_without_a_decay() -> None:
    assert isinstance(averaging()[0], EMAWeightAveraging)
    assert averaging(average_decay=0.0) == []


@pytest.mark.parametrize(("epochs", "share", "first"), [(8, 0.75, 6), (9, 0.75, 6), (5, 0.0, 0), (1, 0.9, 0)])
def test_the_stochastic_mean_begins_after_a_share_of_the_epochs(epochs: int, share: float, first: int) -> None:
    (average,) = averaging(average="stochastic", average_from=share, epochs=epochs)
    assert isinstance(average, StochasticAveraging)
    assert average.first_epoch == first


class Recorder(Callback):
    """Notes the weights at the end of each epoch, in validation, and after it."""

    def __init__(self) -> None:
        self.stepped: list[Tensor] = []
        self.judged: list[Tensor] = []
        self.put_back: list[Tensor] = []
        self.means: list[Tensor] = []

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        if trainer.is_last_batch:
            self.stepped.append(flatten(pl_module))

    def on_validation_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
        self.judged.append(flatten(pl_module))
        self.means.append(first_norm(pl_module).running_mean.clone().cpu())

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        self.put_back.append(flatten(pl_module))


def flatten(module: TrainingModule) -> Tensor:
    return torch.cat([weight.detach().flatten().cpu() for weight in module.network.parameters()])


def first_norm(module: TrainingModule) -> Any:
    return next(layer for layer in module.modules() if isinstance(layer, nn.BatchNorm2d))


@pytest.fixture(scope="module")
def recorded() -> tuple[Recorder, TrainingModule, SplitsInMemory]:
    """Four epochs of three batches on noise; the last two epochs are averaged."""
    module = make_module(epochs=NUM_EPOCHS, batch_size=8)
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (24, 1, 48, 48), dtype=torch.uint8, generator=generator)
    data = SplitsInMemory((images, torch.arange(24) % 7), (images[:8], torch.arange(8) % 7), module.recipe)
    recorder = Recorder()
    with quiet_lightning():
        trainer = build_trainer(module.recipe, precision="float32", callbacks=[StochasticAveraging(FIRST), recorder])
        trainer.fit(module.train(), datamodule=data)
    return recorder, module, data


Recorded = tuple[Recorder, TrainingModule, SplitsInMemory]


def test_the_mean_of_the_epochs_so_far_is_judged(recorded: Recorded) -> None:
    notes, _, _ = recorded
    torch.testing.assert_close(notes.judged[2], notes.stepped[2])
    torch.testing.assert_close(notes.judged[3], (notes.stepped[2] + notes.stepped[3]) / 2)
    assert not torch.equal(notes.judged[3], notes.stepped[3])


def test_before_that_the_weights_are_judged_as_they_are(recorded: Recorded) -> None:
    notes, _, _ = recorded
    for epoch in range(FIRST):
        assert torch.equal(notes.judged[epoch], notes.stepped[epoch])


def test_training_goes_on_with_the_weights_themselves(recorded: Recorded) -> None:
    notes, _, _ = recorded
    for before, after in zip(notes.stepped, notes.put_back, strict=True):
        assert torch.equal(before, after)


def test_statistics_of_batch_norm_are_computed_anew(recorded: Recorded) -> None:
    """By hand: the mean over the epoch's batches of what the first convolution, with mean weights, gives."""
    notes, module, data = recorded
    convolution = next(layer for layer in module.network.modules() if isinstance(layer, nn.Conv2d))
    batches = ShuffledBatches(*data.training, batch_size=8, seed=0, epoch=NUM_EPOCHS - 1)
    with torch.no_grad():  # after training the network holds the mean
        torch.testing.assert_close(flatten(module), notes.judged[-1])
        means = [convolution(module.normalise(images)).mean(dim=(0, 2, 3)) for images, _ in batches]
    torch.testing.assert_close(notes.means[-1], torch.stack(means).mean(dim=0), rtol=1e-4, atol=1e-5)


def test_the_share_of_epochs_changes_what_is_kept(tiny_recipe_file: Path, tmp_path: Path) -> None:
    kept = []
    for share in ("0.0", "0.5"):
        recipe = read_recipe(tiny_recipe_file, ['training.average="stochastic"', f"training.average_from={share}"])
        run = train(recipe, runs_folder=tmp_path / share, console=Console(quiet=True))
        kept.append(run.weights_file("last").read_bytes())
    assert kept[0] != kept[1]
