import pytest
import torch

from tests.unit.training.augmentation.conftest import augment, faces


def test_erasing_takes_one_rectangle_of_the_stated_size() -> None:
    images = torch.full((300, 1, 48, 48), 300.0)
    erased = augment(images, erase=0.5, erase_pixels=(6, 20)) != 300
    areas = erased.flatten(1).sum(dim=1)
    assert 100 < int((areas > 0).sum()) < 200
    for picture in erased[areas > 0][:50, 0]:
        rows, columns = picture.any(dim=1), picture.any(dim=0)
        tall, wide = int(rows.sum()), int(columns.sum())
        assert 6 <= tall <= 20
        assert 6 <= wide <= 20
        assert int(picture.sum()) == tall * wide


def erased_whole(**settings: object) -> torch.Tensor:
    """Return pictures erased from edge to edge: nothing but what fills them."""
    images = faces(40, channels=3, size_hw=(12, 12)) // 2
    return augment(images, erase=1.0, erase_pixels=(12, 12), **settings)


def test_the_usual_fill_is_one_random_grey_a_picture() -> None:
    filled = erased_whole()
    assert (filled == filled[:, :1, :1, :1]).all()
    assert len(filled[:, 0, 0, 0].unique()) == 40
    assert filled.min() < 30
    assert filled.max() > 225


def test_a_fill_of_black_is_black_whatever_its_number_is() -> None:
    assert (erased_whole(erase_fill="black") == 0).all()
    images = torch.zeros(4, 1, 12, 12)
    erased = augment(images, erase=1.0, erase_pixels=(12, 12), erase_fill="black", value_range=(-1.0, 1.0))
    assert (erased == -1).all()


def test_a_fill_of_mean_is_each_pictures_own_by_channel() -> None:
    means = (faces(40, channels=3, size_hw=(12, 12)) // 2).float().mean(dim=(2, 3), keepdim=True)
    torch.testing.assert_close(erased_whole(erase_fill="mean"), means.expand(-1, -1, 12, 12))


def test_a_fill_of_noise_is_another_level_for_each_pixel() -> None:
    filled = erased_whole(erase_fill="noise")
    assert float(filled.mean()) == pytest.approx(127.5, abs=4)
    assert float(filled.std()) == pytest.approx(255 / 12**0.5, rel=0.03)
    assert len(filled[0].unique()) > 400
