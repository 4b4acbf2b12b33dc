import pytest
import torch

from tests.unit.training.augmentation.conftest import augment, faces, share_changed


def grey(count: int = 300) -> torch.Tensor:
    """Return pictures of levels 50 and 150, half each."""
    images = torch.full((count, 1, 8, 8), 50.0)
    images[..., 4:] = 150
    return images


def test_brightness_multiplies_all_levels_by_at_most_the_share() -> None:
    changed = augment(grey(), brightness=0.4)
    factors = changed / grey()
    torch.testing.assert_close(factors, factors[:, :, :1, :1].expand_as(factors))
    assert 0.6 <= factors.min() < 0.65
    assert 1.35 < factors.max() <= 1.4


def test_contrast_spreads_levels_about_the_mean_by_at_most_the_share() -> None:
    changed = augment(grey(), contrast=0.4)
    torch.testing.assert_close(changed.mean(dim=(1, 2, 3)), torch.full((300,), 100.0))
    spreads = (changed[:, 0, 0, 7] - changed[:, 0, 0, 0]) / 100
    assert 0.6 <= spreads.min() < 0.65
    assert 1.35 < spreads.max() <= 1.4


def test_noise_has_the_deviation_asked_for() -> None:
    noise = augment(torch.full((50, 1, 48, 48), 128.0), noise_deviation=10.0) - 128
    assert float(noise.std()) == pytest.approx(10, rel=0.02)
    assert float(noise.mean()) == pytest.approx(0, abs=0.2)


def test_noise_is_measured_in_levels_whatever_the_numbers_are() -> None:
    noise = augment(torch.zeros(50, 1, 48, 48), noise_deviation=12.75, value_range=(-1.0, 1.0))
    assert float(noise.std()) == pytest.approx(0.1, rel=0.02)


def test_brightness_leaves_black_black_whatever_its_number_is() -> None:
    images = torch.tensor([-1.0, 0.0]).repeat(50, 1, 4, 2)
    changed = augment(images, brightness=0.5, value_range=(-1.0, 1.0))
    assert (changed[..., 0] == -1).all()
    assert changed[..., 1].min() < -0.4
    assert changed[..., 1].max() > 0.4


@pytest.mark.parametrize("settings", [{"brightness": 1.0}, {"contrast": 1.0}, {"noise_deviation": 100.0}])
def test_what_goes_beyond_black_and_white_is_cut(settings: dict[str, float]) -> None:
    images = torch.tensor([0.0, 255.0]).repeat(50, 1, 8, 4)
    changed = augment(images, **settings)
    assert changed.min() == 0
    assert changed.max() == 255


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("brightness_probability", {"brightness": 0.9}),
        ("contrast_probability", {"contrast": 0.9}),
        ("noise_probability", {"noise_deviation": 30.0}),
    ],
)
def test_a_probability_is_the_share_of_pictures_in_another_light(name: str, settings: dict[str, float]) -> None:
    images = faces(400, size_hw=(12, 12))
    assert 0.2 < share_changed(images, augment(images, **settings, **{name: 0.3})) < 0.4
