import torch
from torchvision.transforms.functional import center_crop, ten_crop

from mien.training.augmentation import AugmentationSettings, build_augmentation
from tests.unit.training.augmentation.conftest import augment, faces


def corners(images: torch.Tensor, crops: torch.Tensor) -> list[tuple[int, int]]:
    """Return where each crop comes from, as top and left; random pictures show each place once."""
    side, found = crops.shape[-1], []
    for image, crop in zip(images.float(), crops, strict=True):
        windows = image.unfold(1, side, 1).unfold(2, side, 1)
        same = (windows == crop[:, None, None]).flatten(3).all(dim=3).all(dim=0)
        (place,) = same.nonzero().tolist()
        found.append((place[0], place[1]))
    return found


def test_a_crop_is_a_part_of_its_picture_at_any_place() -> None:
    images = faces(300, channels=3, size_hw=(12, 11))
    places = corners(images, augment(images, crop_pixels=9))
    assert set(places) == {(top, left) for top in range(4) for left in range(3)}


def test_pictures_that_are_not_cropped_at_random_are_cropped_at_the_centre() -> None:
    images = faces(200, size_hw=(16, 16))
    assert torch.equal(augment(images, crop_pixels=8, crop_probability=0.0), center_crop(images.float(), [8, 8]))
    places = corners(images, augment(images, crop_pixels=8, crop_probability=0.5))
    assert 80 < places.count((4, 4)) < 130


def test_a_crop_as_large_as_the_picture_is_the_picture() -> None:
    images = faces(5, size_hw=(12, 12))
    assert torch.equal(augment(images, crop_pixels=12), images.float())


def test_ten_crops_of_a_picture_stand_behind_each_other() -> None:
    images = faces(3, channels=3)
    crops = augment(images, crop_pixels=40, ten_crop=True)
    assert crops.shape == (30, 3, 40, 40)
    for place, image in enumerate(images.float()):
        assert torch.equal(crops[10 * place : 10 * place + 10], torch.stack(ten_crop(image, [40, 40])))


def test_one_picture_gives_one_unless_it_gives_ten() -> None:
    assert build_augmentation(AugmentationSettings(crop_pixels=40)).copies == 1
    assert build_augmentation(AugmentationSettings(crop_pixels=40, ten_crop=True)).copies == 10
