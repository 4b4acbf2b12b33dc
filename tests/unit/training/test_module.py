import pytest
import torch
import torch.nn.functional as F

from mien.models import create_model
from mien.training.module import SplitsInMemory, TrainingModule
from mien.training.recipe import build_recipe

PLAIN = {"flip": 0.0, "rotation_degrees": 0.0, "scale": 0.0, "shift": 0.0, "erase": 0.0}


def make_module(**training: object) -> TrainingModule:
    recipe = build_recipe(
        {
            "name": "some",
            "model": {"name": "vgg_se", "width": 4, "pooling": "average"},
            "augmentation": PLAIN,
            "training": training,
        }
    )
    torch.manual_seed(0)
    return TrainingModule(create_model("vgg_se", **recipe.model.options), recipe, mean=120, std=60).eval()


@pytest.fixture
def batch() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (20, 1, 48, 48), dtype=torch.uint8, generator=generator)
    return images, torch.arange(20) % 7


def test_normalise_uses_mean_and_deviation_and_channels_last() -> None:
    inputs = make_module().normalise(torch.full((2, 3, 4, 4), 180, dtype=torch.uint8))
    assert inputs.unique().tolist() == [1.0]
    assert inputs.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_loss_is_smoothed_cross_entropy(batch: tuple[torch.Tensor, torch.Tensor], smoothing: float) -> None:
    module = make_module(label_smoothing=smoothing)
    logits = module.network((batch[0].float() - 120) / 60)
    expected = F.cross_entropy(logits, batch[1], label_smoothing=smoothing)
    torch.testing.assert_close(module.training_step(batch, 0), expected)
    assert module.loss_sum == pytest.approx(float(expected.detach()), rel=1e-5)


def test_the_loss_weighs_the_errors_of_each_class(batch: tuple[torch.Tensor, torch.Tensor]) -> None:
    module = make_module(label_smoothing=0.0)
    weights = torch.tensor([5.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0])
    weighted = TrainingModule(module.network, module.recipe, mean=120, std=60, class_weights=weights).eval()
    losses = F.cross_entropy(module.network((batch[0].float() - 120) / 60), batch[1], reduction="none")
    expected = (losses * weights[batch[1]]).sum() / weights[batch[1]].sum()
    torch.testing.assert_close(weighted.training_step(batch, 0), expected)
    assert "class_weights" not in weighted.state_dict()


@pytest.mark.parametrize("views", [["plain"], ["plain", "flip"]])
def test_validation_averages_the_recipes_views_over_uneven_batches(
    batch: tuple[torch.Tensor, torch.Tensor], views: list[str]
) -> None:
    module = make_module(views=views)
    images, labels = batch
    with torch.no_grad():
        module.on_validation_epoch_start()
        for rows in (slice(0, 16), slice(16, 20)):
            module.validation_step((images[rows], labels[rows]), 0)
        inputs = (images.float() - 120) / 60
        logits = module.network(inputs)
        if "flip" in views:
            logits = (logits + module.network(inputs.flip(-1))) / 2
    assert module.validation_accuracy == pytest.approx(float((logits.argmax(1) == labels).float().mean()))
    assert module.validation_loss == pytest.approx(float(F.cross_entropy(logits, labels)), rel=1e-4)


def test_splits_in_memory_give_each_row(batch: tuple[torch.Tensor, torch.Tensor]) -> None:
    splits = SplitsInMemory(batch, batch, make_module(batch_size=8).recipe)
    assert sum(len(labels) for _, labels in splits.train_dataloader()) == 16
    assert sum(len(labels) for _, labels in splits.val_dataloader()) == 20
