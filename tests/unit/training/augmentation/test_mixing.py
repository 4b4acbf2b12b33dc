import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.training.augmentation import AugmentationSettings, build_mixing
from mien.training.batches import epoch_generator

COUNT = 200


def one_colour_each(count: int = COUNT) -> tuple[torch.Tensor, torch.Tensor]:
    """Return pictures of one level each, and classes that stand for the levels."""
    levels = torch.arange(count).float()
    return levels[:, None, None, None].expand(-1, 1, 20, 20).clone(), F.one_hot(torch.arange(count)).float()


def mix(*, seed: int = 0, count: int = COUNT, **asked: float) -> tuple[torch.Tensor, torch.Tensor]:
    mixing = build_mixing(AugmentationSettings(**asked))
    return mixing(*one_colour_each(count), epoch_generator(seed, 0, stream=1))


def is_mixed(targets: torch.Tensor) -> torch.Tensor:
    return targets.amax(dim=1) < 1


def test_mixing_is_off_unless_asked_for() -> None:
    assert not build_mixing(AugmentationSettings()).is_on
    assert not build_mixing(AugmentationSettings(mixup=0.4, mix_probability=0.0)).is_on
    for name in ("mixup", "cutmix"):
        assert build_mixing(AugmentationSettings(**{name: 0.4})).is_on


def test_nothing_is_drawn_where_nothing_is_mixed() -> None:
    generator, untouched = torch.Generator().manual_seed(3), torch.Generator().manual_seed(3)
    images, targets = build_mixing(AugmentationSettings())(*one_colour_each(), generator)
    assert torch.equal(images, one_colour_each()[0])
    assert torch.equal(targets, one_colour_each()[1])
    assert torch.equal(generator.get_state(), untouched.get_state())


@settings(max_examples=25, deadline=None)
@given(
    mixup=st.floats(0, 5),
    cutmix=st.floats(0, 5),
    mix_probability=st.floats(0, 1),
    seed=st.integers(0, 1000),
    count=st.integers(1, 9),
)
def test_targets_sum_to_one_and_range_and_seed_hold(
    mixup: float, cutmix: float, mix_probability: float, seed: int, count: int
) -> None:
    asked = {"mixup": mixup, "cutmix": cutmix, "mix_probability": mix_probability}
    images, targets = mix(seed=seed, count=count, **asked)
    assert images.shape == (count, 1, 20, 20)
    assert images.dtype == targets.dtype == torch.float32
    torch.testing.assert_close(targets.sum(dim=1), torch.ones(count))
    assert targets.min() >= 0
    assert ((targets > 0).sum(dim=1) <= 2).all()
    assert 0 <= images.min() <= images.max() <= count - 1
    again = mix(seed=seed, count=count, **asked)
    assert torch.equal(again[0], images)
    assert torch.equal(again[1], targets)


def test_mixup_blends_pictures_as_it_blends_their_classes() -> None:
    images, targets = mix(mixup=1.0)
    expected = targets @ torch.arange(COUNT).float()
    torch.testing.assert_close(images, expected[:, None, None, None].expand_as(images), atol=1e-3, rtol=1e-5)
    assert is_mixed(targets).float().mean() > 0.95
    kept = targets.diagonal()
    assert kept.min() < 0.1
    assert kept.max() > 0.9
    assert float(kept.mean()) == pytest.approx(0.5, abs=0.08)


@pytest.mark.parametrize(("alpha", "deviation"), [(0.2, (4 * (2 * 0.2 + 1)) ** -0.5), (8.0, (4 * 17) ** -0.5)])
def test_the_shares_of_mixup_are_of_the_beta_distribution(alpha: float, deviation: float) -> None:
    kept = torch.cat([mix(mixup=alpha, seed=seed)[1].diagonal() for seed in range(10)])
    assert float(kept.std()) == pytest.approx(deviation, rel=0.06)


def test_the_area_of_a_pasted_rectangle_is_the_other_classes_share() -> None:
    images, targets = mix(cutmix=1.0)
    for row, (image, target) in enumerate(zip(images[:, 0], targets, strict=True)):
        is_own = image == row
        assert float(target[row]) == pytest.approx(float(is_own.float().mean()), abs=1e-6)
        if is_own.all():
            continue
        (other,) = image[~is_own].unique().tolist()
        assert float(target[int(other)]) == pytest.approx(1 - float(target[row]), abs=1e-6)
        assert (~is_own).sum() == (~is_own).any(dim=0).sum() * (~is_own).any(dim=1).sum()
    assert is_mixed(targets).float().mean() > 0.9


def test_a_rectangle_lies_anywhere() -> None:
    images, _ = mix(cutmix=1.0)
    pasted = (images[:, 0] != torch.arange(COUNT)[:, None, None]).float().mean(dim=0)
    assert pasted.min() > 0.08


@pytest.mark.parametrize("name", ["mixup", "cutmix"])
def test_the_probability_is_the_share_of_pictures_that_are_mixed(name: str) -> None:
    targets = torch.cat([mix(seed=seed, mix_probability=0.3, **{name: 1.0})[1] for seed in range(3)])
    assert 0.22 < is_mixed(targets).float().mean() < 0.36


def test_with_both_each_comes_equally_often() -> None:
    images, targets = mix(mixup=4.0, cutmix=1.0)
    is_flat = images.flatten(1).std(dim=1) < 1e-3
    assert is_mixed(targets).float().mean() > 0.9
    assert 0.4 < is_flat[is_mixed(targets)].float().mean() < 0.6


def test_pictures_and_targets_that_came_stay_as_they_were() -> None:
    images, targets = one_colour_each()
    build_mixing(AugmentationSettings(mixup=1.0, cutmix=1.0))(images, targets, epoch_generator(0, 0, stream=1))
    assert torch.equal(images, one_colour_each()[0])
    assert torch.equal(targets, one_colour_each()[1])
