"""One step of training of each network on real faces, by the same module and trainer as every run."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from mien.data.datasets.fer2013 import read_fer2013
from mien.models import MODELS, create_model
from mien.training.batches import faces_as_tensor
from mien.training.module import SplitsInMemory, TrainingModule
from mien.training.recipe import build_recipe
from mien.training.trainer import build_trainer, quiet_lightning

NUM_FACES = 4
RECIPE = {
    "name": "one-step",
    "model": {"name": "vgg_se"},
    "optimizer": {"learning_rate": 0.01},
    "schedule": {"name": "constant"},
    "training": {"epochs": 1, "batch_size": NUM_FACES, "average_decay": 0.0},
}


@pytest.fixture(scope="module")
def faces(real_fer2013_csv: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """The first four training faces and their labels."""
    training = read_fer2013(real_fer2013_csv).split("training")
    return faces_as_tensor(training)[:NUM_FACES], torch.from_numpy(training.labels[:NUM_FACES].copy())


@pytest.mark.parametrize("name", MODELS.names())
def test_one_training_step_on_real_faces(name: str, faces: tuple[torch.Tensor, torch.Tensor]) -> None:
    channels, height, width = MODELS.get(name).card.size_for_tests
    grey, labels = faces
    resized = F.interpolate(grey.float(), (height, width), mode="bilinear", antialias=True).round().byte()
    images = resized.expand(-1, channels, -1, -1).contiguous()
    torch.manual_seed(0)
    network = create_model(name)
    before = {key: value.detach().clone() for key, value in network.named_parameters() if value.requires_grad}
    recipe = build_recipe(RECIPE)
    module = TrainingModule(network, recipe, mean=129.5, std=65.0)
    splits = SplitsInMemory((images, labels), (images, labels), recipe)
    with quiet_lightning():
        trainer = build_trainer(recipe, precision="float32", callbacks=[], max_steps=1, limit_val_batches=0)
        trainer.fit(module, datamodule=splits)
    assert trainer.global_step == 1
    assert 0 < module.loss_sum < 100
    after = dict(network.named_parameters())
    assert all(torch.isfinite(after[key]).all() for key in before)
    moved = [key for key in before if not torch.equal(before[key], after[key])]
    assert any(key.startswith("classifier.") for key in moved)
    assert len(moved) > 0.5 * len(before)
