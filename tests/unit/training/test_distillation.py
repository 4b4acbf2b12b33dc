import pytest
import torch
import torch.nn.functional as F

from mien.errors import RecipeError
from mien.models import create_model
from mien.training import Recipe
from mien.training.batches import ShuffledBatches
from mien.training.distillation import DistillationSettings, distill
from mien.training.module import SplitsInMemory, TrainingModule
from mien.training.recipe import build_recipe

PLAIN = {"flip": 0.0, "rotation_degrees": 0.0, "scale": 0.0, "shift": 0.0, "erase": 0.0}
LOGITS = torch.tensor([[2.0, 0.0], [0.0, 0.0]])
TAUGHT = torch.tensor([[0.5, 0.5], [0.75, 0.25]])


def make_recipe(distillation: dict[str, object] | None, **sections: object) -> Recipe:
    return build_recipe(
        {
            "name": "student",
            "model": {"name": "vgg_se", "width": 4, "pooling": "average"},
            "augmentation": PLAIN,
            **({} if distillation is None else {"distillation": {"predictions": ["a.npz"], **distillation}}),
            **sections,
        }
    )


def step(recipe: Recipe, images: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the loss of one step and all its gradients."""
    torch.manual_seed(0)
    module = TrainingModule(create_model("vgg_se", **recipe.model.options), recipe, mean=120, std=60).eval()
    module.generator.manual_seed(3)
    loss = module.training_step((images, targets), 0)
    loss.backward()
    return loss.detach(), torch.cat([weight.grad.flatten() for weight in module.parameters()])


@pytest.fixture
def images() -> torch.Tensor:
    return torch.randint(0, 256, (16, 1, 48, 48), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def soft_targets() -> torch.Tensor:
    return torch.randn(16, 7, generator=torch.Generator().manual_seed(1)).softmax(dim=1)


LABELS = torch.arange(16) % 7
ONE_HOT = F.one_hot(LABELS, 7).float()


def test_distill_worked_by_hand() -> None:
    # At temperature 2 the first row answers e/(e+1) = 0.731059 and 0.268941, the second one half each:
    # KL is 0.5 ln(0.5/0.731059) + 0.5 ln(0.5/0.268941) = 0.120115 and 0.75 ln 1.5 + 0.25 ln 0.5 = 0.130812.
    loss = distill(torch.tensor(3.0), LOGITS, TAUGHT, temperature=2, weight=0.25)
    assert float(loss) == pytest.approx(0.75 * 3 + 0.25 * 4 * (0.120115 + 0.130812) / 2, abs=1e-5)


def test_distill_is_zero_where_both_agree_and_takes_classes_of_no_probability() -> None:
    agreeing = distill(torch.tensor(3.0), LOGITS, (LOGITS / 5).softmax(dim=1), temperature=5, weight=1)
    assert float(agreeing) == pytest.approx(0, abs=1e-6)
    sure = distill(torch.tensor(3.0), torch.zeros(1, 2), torch.tensor([[1.0, 0.0]]), temperature=1, weight=1)
    assert float(sure) == pytest.approx(0.693147, abs=1e-5)


def test_distill_gradients_keep_their_size_at_high_temperatures() -> None:
    """In that limit they are (student - teacher) / classes, of centred logits, as the paper derives."""
    student = torch.tensor([[0.4, -0.1, -0.3]], requires_grad=True)
    teacher = torch.tensor([[0.1, 0.3, -0.4]])
    distill(torch.tensor(0.0), student, (teacher / 1000).softmax(dim=1), temperature=1000, weight=1).backward()
    torch.testing.assert_close(student.grad, (student.detach() - teacher) / 3, atol=2e-3, rtol=0)


@pytest.mark.parametrize("augmentation", [{}, {"mixup": 0.4, "cutmix": 1.0, "flip": 0.5}], ids=["plain", "mixed"])
def test_a_weight_of_0_is_no_distillation(
    images: torch.Tensor, soft_targets: torch.Tensor, augmentation: dict[str, float]
) -> None:
    taught = torch.cat([ONE_HOT, soft_targets], dim=1)
    loss, gradients = step(make_recipe({"weight": 0.0}, augmentation=augmentation), images, taught)
    alone, gradients_alone = step(make_recipe(None, augmentation=augmentation), images, LABELS)
    assert torch.equal(loss, alone)
    assert torch.equal(gradients, gradients_alone)


def test_a_weight_of_1_ignores_the_labels(images: torch.Tensor, soft_targets: torch.Tensor) -> None:
    recipe = make_recipe({"weight": 1.0})
    loss, gradients = step(recipe, images, torch.cat([ONE_HOT, soft_targets], dim=1))
    others = step(recipe, images, torch.cat([ONE_HOT.roll(1, dims=1), soft_targets], dim=1))
    assert torch.equal(loss, others[0])
    assert torch.equal(gradients, others[1])
    assert float(loss) > 0


def test_soft_targets_are_mixed_as_the_pictures_are(images: torch.Tensor, soft_targets: torch.Tensor) -> None:
    recipe = make_recipe({"weight": 1.0, "temperature": 1.0}, augmentation=PLAIN | {"mixup": 1.0})
    loss, _ = step(recipe, images, torch.cat([ONE_HOT, soft_targets], dim=1))
    torch.manual_seed(0)
    module = TrainingModule(create_model("vgg_se", **recipe.model.options), recipe, mean=120, std=60).eval()
    mixed, expected = module.mixing(images.float(), soft_targets, torch.Generator().manual_seed(3))
    assert not torch.equal(expected, soft_targets)
    answers = module.network((mixed - 120) / 60).log_softmax(dim=1)
    torch.testing.assert_close(loss, F.kl_div(answers, expected, reduction="batchmean").detach())


def test_the_student_answers_by_its_output_activation(images: torch.Tensor, soft_targets: torch.Tensor) -> None:
    model = {"name": "vgg_se", "width": 4, "pooling": "average", "output_activation": "sigmoid"}
    recipe = make_recipe({"weight": 1.0, "temperature": 1.0}, model=model)
    loss, _ = step(recipe, images, torch.cat([ONE_HOT, soft_targets], dim=1))
    torch.manual_seed(0)
    shares = create_model("vgg_se", **recipe.model.options).eval()((images.float() - 120) / 60).sigmoid()
    answers = (shares / shares.sum(dim=1, keepdim=True)).log()
    torch.testing.assert_close(loss, F.kl_div(answers, soft_targets, reduction="batchmean").detach())


@pytest.mark.parametrize("targets", [LABELS, ONE_HOT], ids=["labels", "probabilities"])
def test_batches_hold_soft_targets_behind_the_targets(
    images: torch.Tensor, soft_targets: torch.Tensor, targets: torch.Tensor
) -> None:
    recipe = make_recipe({}, training={"batch_size": 8})
    data = SplitsInMemory((images, targets), (images, LABELS), recipe, soft_targets=soft_targets)
    order = torch.cat([rows for _, rows in ShuffledBatches(images, torch.arange(16), batch_size=8, seed=0, epoch=0)])
    batches = torch.cat([columns for _, columns in data.train_dataloader()])
    assert torch.equal(batches, torch.cat([ONE_HOT, soft_targets], dim=1)[order])


def test_a_section_needs_predictions_alone() -> None:
    settings = make_recipe({}).distillation
    assert settings == DistillationSettings(predictions=("a.npz",), temperature=4.0, weight=0.9)


def test_a_recipe_keeps_its_fingerprint_without_the_section() -> None:
    settings = make_recipe(None).model_dump(mode="json")
    assert settings.pop("distillation") is None
    assert build_recipe(settings).fingerprint == make_recipe(None).fingerprint
    assert "distillation" not in make_recipe(None)._settings_that_matter()
    assert len({make_recipe(each).fingerprint for each in (None, {}, {"weight": 0.5}, {"temperature": 2.0})}) == 4


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"predictions": []}, "distillation.predictions: Tuple should have at least 1 item"),
        ({"temperature": 0.0}, "distillation.temperature: Input should be greater than 0"),
        ({"temperature": float("inf")}, "distillation.temperature: Input should be a finite number"),
        ({"weight": 1.5}, "distillation.weight: Input should be less than or equal to 1"),
        ({"wieght": 0.5}, "distillation.wieght: unknown key; did you mean 'weight'"),
    ],
)
def test_a_section_out_of_range_is_refused(changes: dict[str, object], fault: str) -> None:
    with pytest.raises(RecipeError, match=fault):
        make_recipe(changes)


def test_an_estimator_has_no_teachers() -> None:
    settings = {"name": "some", "model": {"name": "hog_lbp_svm"}, "distillation": {"predictions": ["a.npz"]}}
    with pytest.raises(RecipeError, match="distillation: means nothing to 'hog_lbp_svm'"):
        build_recipe(settings)
