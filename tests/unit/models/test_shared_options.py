import pytest
import torch
from torch import nn

from mien.errors import MienError
from mien.models import create_model, find_option_faults
from mien.models.shared_options import SharedOptions


@pytest.mark.parametrize("name", ["vgg_se", "googlenet", "timm/resnet18"])
def test_every_network_takes_an_output_activation_and_gives_what_it_gave(name: str) -> None:
    torch.manual_seed(1)
    plain = create_model(name, in_channels=1).eval()
    torch.manual_seed(1)
    network = create_model(name, in_channels=1, output_activation="relu").eval()
    assert (plain.output_activation, network.output_activation) == ("softmax", "relu")
    images = torch.ones(2, 1, 48, 48)
    assert torch.equal(network(images), plain(images))


@torch.no_grad()
def test_with_group_norm_no_row_depends_on_the_others_of_its_batch() -> None:
    torch.manual_seed(1)
    network = create_model("vgg_se", width=8, dropout=0.0, norm="group").train()
    assert not any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in network.modules())
    images = torch.rand(6, 1, 48, 48, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(network(images)[:2], network(images[:2]))


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("vgg_se", {"output_activation": "tanh"}, "output_activation is 'tanh'; expected one of 'softmax', 'sigmoid',"),
        ("vgg_se", {"norm": "layer"}, "norm is 'layer'; expected 'own' or 'group'"),
        ("vgg16", {"norm": "group"}, "norm is 'group', and there is no batch norm to replace; leave it out"),
        ("vgg_se", {"norm": 3}, "norm: expected text, found 3"),
    ],
)
def test_refusals_come_with_the_recipe_too(name: str, options: dict, message: str) -> None:
    with pytest.raises(MienError, match=message):
        create_model(name, **options)
    assert find_option_faults(name, options)[0].startswith(message)


def test_estimators_take_none_of_them() -> None:
    assert find_option_faults("hog_lbp_svm", {"norm": "group"})[0].startswith("norm: unknown option")


def test_defaults_change_nothing() -> None:
    network = create_model("vgg_se", width=4)
    before = str(network)
    SharedOptions().apply(network)
    assert (str(network), network.output_activation) == (before, "softmax")
