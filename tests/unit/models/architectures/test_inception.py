import pytest
import timm
import torch

from mien.models import create_model
from tests.unit.models.conftest import CheckPretrained


@pytest.mark.parametrize("name", ["inception_v3", "inception_resnet_v2"])
def test_faces_of_48_pixels_are_refused(name: str) -> None:
    with torch.device("meta"):
        network, images = create_model(name), torch.rand(2, 3, 48, 48)
    with pytest.raises(ValueError, match="75x75 is the smallest that works"):
        network(images)


def test_pretrained_leaves_out_the_auxiliary_classifier_of_the_published_file(
    check_pretrained: CheckPretrained,
) -> None:
    published = timm.create_model("inception_v3", aux_logits=True).eval()
    check_pretrained(
        "inception_v3",
        published.state_dict(),
        lambda images: published.forward_postaux(published.forward_preaux(images)),
        side=75,
    )
