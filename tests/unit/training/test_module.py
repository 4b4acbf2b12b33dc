from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from torchvision.transforms.functional import ten_crop

from mien.benchmarks.training_speed import build_speed_recipe
from mien.errors import RecipeError
from mien.models import create_model
from mien.training.losses import LOSSES, build_loss
from mien.training.module import SplitsInMemory, TrainingModule
from mien.training.recipe import build_recipe
from mien.training.targets import Targets
from mien.training.train import build_trainer, quiet_lightning

PLAIN = {"flip": 0.0, "rotation_degrees": 0.0, "scale": 0.0, "shift": 0.0, "erase": 0.0}


def make_module(
    loss: str = "cross_entropy",
    *,
    output_activation: str = "softmax",
    augmentation: dict[str, object] | None = None,
    **training: object,
) -> TrainingModule:
    recipe = build_recipe(
        {
            "name": "some",
            "model": {"name": "vgg_se", "width": 4, "pooling": "average", "output_activation": output_activation},
            "loss": {"name": loss},
            "augmentation": PLAIN | (augmentation or {}),
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
    assert module.mean_loss == pytest.approx(float(expected.detach()), rel=1e-5)


def test_the_loss_weighs_the_errors_of_each_class(batch: tuple[torch.Tensor, torch.Tensor]) -> None:
    module = make_module(label_smoothing=0.0)
    weights = torch.tensor([5.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0])
    weighted = TrainingModule(module.network, module.recipe, mean=120, std=60, class_weights=weights).eval()
    losses = F.cross_entropy(module.network((batch[0].float() - 120) / 60), batch[1], reduction="none")
    expected = (losses * weights[batch[1]]).sum() / weights[batch[1]].sum()
    torch.testing.assert_close(weighted.training_step(batch, 0), expected)
    assert all(name.startswith("network.") for name in weighted.state_dict())


@pytest.mark.parametrize("name", LOSSES)
def test_the_loss_is_the_recipes_and_takes_probabilities_as_well_as_labels(
    batch: tuple[torch.Tensor, torch.Tensor], name: str
) -> None:
    module = make_module(name, label_smoothing=0.1)
    images, labels = batch
    one_hot = F.one_hot(labels, 7).float()
    outputs = module.network((images.float() - 120) / 60)
    expected = build_loss(name, label_smoothing=0.1, last_layer=module.network.classifier)(outputs, one_hot)
    torch.testing.assert_close(module.training_step((images, labels), 0), expected)
    torch.testing.assert_close(module.training_step((images, one_hot), 0), expected)


def test_of_multi_targets_the_most_probable_counts(batch: tuple[torch.Tensor, torch.Tensor]) -> None:
    images, right = batch[0], torch.tensor([[0.5, 0.5, 0, 0, 0, 0, 0]]).expand(20, -1)
    module = make_module(label_smoothing=0.0, targets="multi_target")
    probabilities = module.network((images.float() - 120) / 60).softmax(dim=1)
    torch.testing.assert_close(module.training_step((images, right), 0), -probabilities[:, :2].amax(1).log().mean())


def test_validation_goes_by_the_output_activation(batch: tuple[torch.Tensor, torch.Tensor]) -> None:
    images, labels = batch
    losses = []
    for activation in ("softmax", "sigmoid"):
        module = make_module(output_activation=activation, views=["plain"])
        with torch.no_grad():
            module.on_validation_epoch_start()
            module.validation_step(batch, 0)
            outputs = module.network((images.float() - 120) / 60)
        losses.append(module.validation_loss)
    shares = outputs.sigmoid() / outputs.sigmoid().sum(dim=1, keepdim=True)
    assert losses[1] == pytest.approx(float(F.nll_loss(shares.log(), labels)), rel=1e-5)
    assert losses[0] != pytest.approx(losses[1], rel=1e-3)


def test_ten_crops_of_a_picture_are_of_its_class(batch: tuple[torch.Tensor, torch.Tensor]) -> None:
    module = make_module(augmentation={"crop_pixels": 40, "ten_crop": True}, label_smoothing=0.0)
    loss = module.training_step(batch, 0)
    crops = torch.cat([torch.stack(ten_crop(image, [40, 40])) for image in batch[0]]).float()
    labels = torch.tensor([label for label in batch[1].tolist() for _ in range(10)])
    torch.testing.assert_close(loss, F.cross_entropy(module.network((crops - 120) / 60), labels))


def test_mixed_pictures_are_of_both_classes(batch: tuple[torch.Tensor, torch.Tensor]) -> None:
    module = make_module(augmentation={"mixup": 1.0}, label_smoothing=0.0)
    images, targets = module.mixing(batch[0].float(), F.one_hot(batch[1], 7).float(), torch.Generator().manual_seed(3))
    expected = -(targets * module.network((images - 120) / 60).log_softmax(dim=1)).sum(dim=1).mean()
    module.generator.manual_seed(3)
    torch.testing.assert_close(module.training_step(batch, 0), expected)
    assert (targets > 0).sum() > 25


def test_pictures_are_cropped_about_the_middle_to_validate(batch: tuple[torch.Tensor, torch.Tensor]) -> None:
    module = make_module(augmentation={"crop_pixels": 40}, views=["plain"])
    with torch.no_grad():
        module.on_validation_epoch_start()
        module.validation_step(batch, 0)
        logits = module.network((batch[0][:, :, 4:44, 4:44].float() - 120) / 60)
    assert module.validation_loss == pytest.approx(float(F.cross_entropy(logits, batch[1])), rel=1e-4)


def test_strength_rises_from_epoch_to_epoch_and_a_resumed_epoch_draws_the_same(
    batch: tuple[torch.Tensor, torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"noise_deviation": 40.0, "strength": "rising"}

    def draw_epoch(module: TrainingModule, epoch: int) -> torch.Tensor:
        monkeypatch.setattr(type(module), "current_epoch", epoch)
        module.on_train_epoch_start()
        return module.augmentation(batch[0], module.generator)

    module = make_module(augmentation=asked, epochs=3)
    noises = [float((draw_epoch(module, epoch) - batch[0]).abs().mean()) for epoch in range(3)]
    assert noises[0] == 0
    assert 0 < 1.5 * noises[1] < noises[2]
    assert torch.equal(draw_epoch(make_module(augmentation=asked, epochs=3), 2), draw_epoch(module, 2))


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


def test_splits_in_memory_draw_labels_anew_each_epoch(batch: tuple[torch.Tensor, torch.Tensor]) -> None:
    images, _ = batch
    targets = Targets(torch.full((20, 7), 1 / 7), "drawn", 0)
    splits = SplitsInMemory((images, targets), batch, make_module(batch_size=8, seed=3).recipe)
    drawn = {
        tuple(row.flatten().tolist()): int(label) for row, label in zip(images, targets.of_epoch(3, 0), strict=True)
    }
    for faces, labels in splits.train_dataloader():
        assert labels.tolist() == [drawn[tuple(face.flatten().tolist())] for face in faces]


def test_a_process_without_rows_left_judges_nothing() -> None:
    module = make_module()
    module.on_validation_epoch_start()
    module.validation_step((torch.zeros(0, 1, 48, 48), torch.zeros(0, dtype=torch.int64)), 0)
    assert module.validation_sums.tolist() == [0, 0, 0]


def test_splits_in_memory_give_each_row(batch: tuple[torch.Tensor, torch.Tensor]) -> None:
    splits = SplitsInMemory(batch, batch, make_module(batch_size=8).recipe)
    assert sum(len(labels) for _, labels in splits.train_dataloader()) == 16
    assert sum(len(labels) for _, labels in splits.val_dataloader()) == 20


def as_vector(network: torch.nn.Module) -> torch.Tensor:
    return torch.cat([weight.detach().flatten() for weight in network.parameters()])


def fit(
    batch: tuple[torch.Tensor, torch.Tensor],
    *,
    max_steps: int = -1,
    batch_size: int = 8,
    is_training: bool = False,
    augmentation: dict | None = None,
    schedule: dict | None = None,
    **optimizer: object,
) -> tuple[TrainingModule, torch.Tensor]:
    """Return a module after an epoch or a step of plain descent at a rate of 1, and how its weights moved.

    Batch norm and dropout are at rest unless they are to train.
    """
    recipe = build_recipe(
        {
            "name": "some",
            "model": {"name": "vgg_se", "width": 4, "pooling": "average", "dropout": 0.5},
            "augmentation": augmentation or PLAIN,
            "optimizer": {"learning_rate": 1.0, "momentum": 0.0, "weight_decay": 0.0, **optimizer},
            "schedule": schedule or {"name": "constant"},
            "training": {"epochs": 1, "batch_size": batch_size},
        }
    )
    torch.manual_seed(0)
    network = create_model("vgg_se", **recipe.model.options).train(is_training)
    before = as_vector(network)
    module = TrainingModule(network, recipe, mean=120, std=60)
    with quiet_lightning():
        trainer = build_trainer(recipe, precision="float32", callbacks=[], max_steps=max_steps, limit_val_batches=0)
        trainer.fit(module, datamodule=SplitsInMemory(batch, batch, recipe))
    return module, as_vector(network) - before


@pytest.mark.parametrize("sharpness", [0.0, 0.1])
def test_clipping_bounds_the_gradient_that_steps(batch: tuple[torch.Tensor, torch.Tensor], sharpness: float) -> None:
    _, free = fit(batch, max_steps=1, sharpness=sharpness)
    _, by_norm = fit(batch, max_steps=1, sharpness=sharpness, clip_norm=0.01)
    _, by_value = fit(batch, max_steps=1, sharpness=sharpness, clip_value=0.001)
    assert float(free.norm()) > 0.02
    torch.testing.assert_close(by_norm, free * 0.01 / free.norm(), rtol=1e-3, atol=1e-6)
    torch.testing.assert_close(by_value, free.clamp(-0.001, 0.001), rtol=1e-3, atol=1e-6)


def test_accumulated_batches_step_as_one_large_batch(batch: tuple[torch.Tensor, torch.Tensor]) -> None:
    _, in_two = fit(batch, max_steps=1, batch_size=8, accumulate=2)
    _, in_one = fit(batch, max_steps=1, batch_size=16)
    torch.testing.assert_close(in_two, in_one, rtol=1e-3, atol=1e-6)


def test_the_second_pass_sees_the_same_pictures_and_is_not_counted(
    batch: tuple[torch.Tensor, torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs: list[torch.Tensor] = []
    normalise = TrainingModule.normalise
    monkeypatch.setattr(TrainingModule, "normalise", lambda self, x: inputs.append(normalise(self, x)) or inputs[-1])
    sharp, _ = fit(batch, is_training=True, augmentation={}, sharpness=1e-9)
    assert len(inputs) == 4
    assert sharp.loss_count == 2
    assert torch.equal(inputs[0], inputs[1])
    assert torch.equal(inputs[2], inputs[3])
    assert not torch.equal(inputs[0], inputs[2])


def test_sharpness_of_almost_nothing_is_plain_descent(batch: tuple[torch.Tensor, torch.Tensor]) -> None:
    """Augmentation, dropout and batch norm included, so both passes must be alike and counted once."""
    plain, moved = fit(batch, is_training=True, augmentation={"flip": 0.5}, learning_rate=0.01)
    sharp, moved_too = fit(batch, is_training=True, augmentation={"flip": 0.5}, learning_rate=0.01, sharpness=1e-12)
    torch.testing.assert_close(moved_too, moved, rtol=1e-3, atol=1e-6)
    assert sharp.mean_loss == pytest.approx(plain.mean_loss, rel=1e-5)
    for (name, buffer), other in zip(plain.network.named_buffers(), sharp.network.buffers(), strict=True):
        torch.testing.assert_close(other, buffer, msg=name)


def test_a_plateau_without_validation_is_refused(batch: tuple[torch.Tensor, torch.Tensor]) -> None:
    with pytest.raises(RecipeError, match="schedule 'plateau' looks at validation_loss, but nothing validates; take"):
        fit(batch, schedule={"name": "plateau"})


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_pictures_move_once_to_where_the_network_trains_and_batches_are_taken_there(
    batch: tuple[torch.Tensor, torch.Tensor], device: str
) -> None:
    splits = SplitsInMemory(batch, batch, build_speed_recipe(epochs=1, batch_size=8))
    trainer = SimpleNamespace(
        strategy=SimpleNamespace(root_device=torch.device(device)), current_epoch=0, global_rank=0, world_size=1
    )
    splits.trainer = trainer  # type: ignore[assignment]
    splits.setup("fit")
    assert splits.training[0].device.type == splits.validation[0].device.type == device
    assert (splits.training[0] is batch[0]) == (device == "cpu")
    taken = [*splits.train_dataloader(), *splits.val_dataloader()]
    assert len(taken) == 3
    assert all(tensor.device.type == device for pair in taken for tensor in pair)
    assert splits.train_dataloader().images is splits.train_dataloader().images


def test_the_mean_loss_is_that_of_all_steps_of_the_epoch(batch: tuple[torch.Tensor, torch.Tensor]) -> None:
    module = make_module()
    assert module.mean_loss == 0
    parts = [(batch[0][rows], batch[1][rows]) for rows in (slice(8), slice(8, 20))]
    losses = [float(module.training_step(part, 0).detach()) for part in parts]
    assert module.mean_loss == sum(losses) / 2
