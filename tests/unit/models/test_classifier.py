import pytest
import torch

from mien.models import Classifier, create_model


def test_a_network_without_the_three_methods_cannot_be_made() -> None:
    class Half(Classifier):
        pass

    with pytest.raises(TypeError, match="abstract"):
        Half()  # type: ignore[abstract]


@pytest.mark.parametrize(
    ("height", "width", "rows", "columns"), [(48, 48, (4, 44), (4, 44)), (40, 51, (0, 40), (6, 46))]
)
def test_larger_pictures_are_cropped_about_the_middle_where_that_is_set(
    height: int, width: int, rows: tuple[int, int], columns: tuple[int, int]
) -> None:
    network = create_model("vgg_se", width=4, pooling="average").eval()
    images = torch.randn(2, 1, height, width)
    with torch.inference_mode():
        whole, middle = network(images), network(images[:, :, slice(*rows), slice(*columns)])
        network.crop_side = 40
        assert torch.equal(network(images), middle)
        assert torch.equal(network(images[:, :, slice(*rows), slice(*columns)]), middle)
    assert not torch.allclose(whole, middle)


def test_the_middle_must_be_large_enough_too() -> None:
    network = create_model("vgg_se", width=4).eval()
    network.crop_side = 40
    with pytest.raises(ValueError, match="images are 40x40; 48x48 is the smallest that works"):
        network(torch.zeros(2, 1, 48, 48))
