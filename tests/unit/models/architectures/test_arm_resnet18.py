import pytest
import torch

from mien.errors import MienError
from mien.models import count_parameters, create_model


def test_body_amend_module_and_linear_layer_make_the_count() -> None:
    with torch.device("meta"):
        network = create_model("arm_resnet18")
    assert count_parameters(network.features) == 11_170_240
    assert count_parameters(network.neck) == 1_029
    assert count_parameters(network) == 11_170_240 + 1_029 + 121 * 7 + 7


def test_the_body_is_torchvisions() -> None:
    from torchvision.models import resnet18

    with torch.device("meta"):
        network, other = create_model("arm_resnet18", in_channels=3), resnet18()
    assert count_parameters(network.features) == count_parameters(other) - (512 * 1000 + 1000)


def test_the_narrow_stem_is_for_small_pictures() -> None:
    network = create_model("arm_resnet18", stem="narrow", input_side=16)
    assert network.forward_features(torch.rand(2, 1, 16, 16)).shape == (2, 512, 2, 2)
    assert network(torch.rand(2, 1, 16, 16)).shape == (2, 7)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stem": "tall"}, "stem is 'tall'; expected 'wide' or 'narrow'"),
        ({"input_side": 32}, "a map of 1x1 is too small; expected at least 2"),
    ],
)
def test_bad_options_are_refused(options: dict, message: str) -> None:
    with pytest.raises(MienError, match=message), torch.device("meta"):
        create_model("arm_resnet18", **options)


def test_the_body_gives_what_torchvisions_gives_with_the_same_weights() -> None:
    from torchvision.models import resnet18

    network, other = create_model("arm_resnet18", in_channels=3).eval(), resnet18().eval()
    bodies = {name: value for name, value in other.state_dict().items() if not name.startswith("fc.")}
    assert [value.shape for value in bodies.values()] == [
        value.shape for value in network.features.state_dict().values()
    ]
    network.features.load_state_dict(dict(zip(network.features.state_dict(), bodies.values(), strict=True)))
    other.avgpool, other.fc = torch.nn.Identity(), torch.nn.Identity()
    images = torch.rand(2, 3, 64, 64)
    torch.testing.assert_close(network.forward_features(images).flatten(1), other(images))
