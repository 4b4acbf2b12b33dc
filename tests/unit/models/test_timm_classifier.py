import pytest
import timm
import torch

from mien.errors import MienError
from mien.models import count_parameters, create_model, find_option_faults
from tests.unit.models.conftest import CheckPretrained


@pytest.mark.parametrize(
    ("name", "options", "parameters"),
    [
        ("timm/resnet18.a1_in1k", {}, 11_180_103),
        ("timm/resnet18", {"in_channels": 1}, 11_173_831),
    ],
)
def test_any_model_of_timm_is_reached_by_name(name: str, options: dict, parameters: int) -> None:
    with torch.device("meta"):
        assert count_parameters(create_model(name, **options)) == parameters


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("timm/resnett18", "unknown model 'timm/resnett18'; did you mean 'timm/resnet18'?"),
        ("timm/resnet18.a1_in2k", "unknown model 'timm/resnet18.a1_in2k'; did you mean 'timm/resnet18.a1_in1k'?"),
        ("timm/0000", "unknown model 'timm/0000'; timm.list_models() gives them all"),
    ],
)
def test_unknown_models_of_timm_are_refused_with_a_suggestion(name: str, message: str) -> None:
    for refuse in (lambda: create_model(name), lambda: find_option_faults(name, {})):
        with pytest.raises(MienError) as caught:
            refuse()
        assert str(caught.value) == message


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"poolin": "max"}, "poolin: unknown option; did you mean 'pooling'?"),
        ({"pooling": "sum"}, "pooling is 'sum'; expected one of 'own', 'average', 'max'"),
        ({"input_side": 48}, "resnet18 takes pictures of many sizes; leave out input_side"),
    ],
)
def test_faults_of_options_are_found(options: dict, fault: str) -> None:
    assert find_option_faults("timm/resnet18", options) == [fault]


@torch.no_grad()
@pytest.mark.parametrize(("pooling", "timms"), [("own", "avg"), ("average", "avg"), ("max", "max")])
def test_logits_are_those_of_timm(pooling: str, timms: str) -> None:
    network = create_model("timm/resnet18", pooling=pooling, in_channels=1).eval()
    other = timm.create_model("resnet18", num_classes=7, in_chans=1, global_pool=timms).eval()
    other.load_state_dict({
        **network.features.state_dict(),
        "fc.weight": network.classifier.weight,
        "fc.bias": network.classifier.bias,
    })  # fmt: skip
    images = torch.rand(2, 1, 32, 32)
    torch.testing.assert_close(network(images), other(images))
    assert network.forward_features(images).shape == (2, 512, 1, 1)


@torch.no_grad()
def test_a_transformer_is_built_for_the_side_asked_for_and_refuses_others() -> None:
    network = create_model("timm/vit_tiny_patch16_224", input_side=48, in_channels=1).eval()
    assert network(torch.rand(2, 1, 48, 48)).shape == (2, 7)
    with pytest.raises(ValueError, match="images are 64x64, and the network was built for 48x48: set input_side"):
        network(torch.rand(2, 1, 64, 64))
    with pytest.raises(ValueError, match="48x48 is the smallest that works"):
        network(torch.rand(2, 1, 32, 32))


def test_pretrained_without_the_file_names_it() -> None:
    (fault,) = find_option_faults("timm/resnet18", {"pretrained": True})
    assert fault.startswith("pretrained weights of 'resnet18.a1_in1k' are not there; fetch https://huggingface.co/")


def test_pretrained_weights_are_read_and_summed_for_grey(check_pretrained: CheckPretrained) -> None:
    published = timm.create_model("resnet10t", num_classes=1000).eval()
    check_pretrained("timm/resnet10t", published.state_dict(), published.forward_features)


@torch.no_grad()
def test_a_map_with_channels_last_comes_out_with_channels_first() -> None:
    network = create_model("timm/swin_tiny_patch4_window7_224", input_side=64).eval()
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    features = network.forward_features(images)
    assert features.shape == (2, 768, 2, 2)
    torch.testing.assert_close(features.permute(0, 2, 3, 1), network.features.forward_features(images))
    torch.testing.assert_close(network(images), network.classifier(network.features(images)))
