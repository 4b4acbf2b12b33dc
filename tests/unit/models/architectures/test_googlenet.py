import pytest
import torch
from torchvision.models import GoogLeNet

from mien.errors import MienError
from mien.models import create_model
from tests.unit.models.conftest import CheckPretrained


@torch.no_grad()
def test_logits_are_those_of_torchvision() -> None:
    network = create_model("googlenet").eval()
    other = GoogLeNet(num_classes=7, aux_logits=False, transform_input=False, init_weights=False).eval()
    other.load_state_dict({
        **network.features.state_dict(),
        "fc.weight": network.classifier.weight,
        "fc.bias": network.classifier.bias,
    })  # fmt: skip
    images = torch.rand(2, 3, 32, 32)
    torch.testing.assert_close(network(images), other(images))


def test_an_unknown_pooling_is_refused() -> None:
    with pytest.raises(MienError, match="pooling is 'flatten'; expected 'average' or 'max'"):
        create_model("googlenet", pooling="flatten")


def test_pretrained_leaves_out_the_auxiliary_classifiers_of_the_published_file(
    check_pretrained: CheckPretrained,
) -> None:
    published = GoogLeNet(aux_logits=True, transform_input=False, init_weights=False).eval()
    seen = []
    published.inception5b.register_forward_hook(lambda _module, _inputs, output: seen.append(output))

    def features(images: torch.Tensor) -> torch.Tensor:
        published(images)
        return seen.pop()

    check_pretrained("googlenet", published.state_dict(), features)
