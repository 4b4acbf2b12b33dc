"""The contract of every network in the registry; counts are typed from the design, not computed from the module."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from mien.models import MODELS, count_parameters, create_model

PARAMETERS = {
    "compact_irnet": 784_263,
    "vgg_se": 1_787_075,
}
NAMES = MODELS.names()


def images_for(name: str, count: int = 4) -> torch.Tensor:
    return torch.rand(count, *MODELS.get(name).card.size_for_tests, generator=torch.Generator().manual_seed(1))


def test_the_registry_is_covered_whole(say_covered: Callable[[str], None]) -> None:
    say_covered(f"model contracts cover {len(NAMES)} of {len(MODELS)} entries: {', '.join(NAMES)}")
    assert set(PARAMETERS) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_parameters_are_exactly_those_stated(name: str) -> None:
    assert count_parameters(create_model(name)) == PARAMETERS[name] == MODELS.get(name).card.parameters


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("num_classes", [1, 7, 8])
def test_gives_logits_at_each_claimed_size(name: str, num_classes: int) -> None:
    card = MODELS.get(name).card
    network = create_model(name, num_classes=num_classes)
    for channels, height, width in (card.size_for_tests, *card.further_sizes):
        logits = network(torch.rand(2, channels, height, width))
        assert logits.shape == (2, num_classes)
        assert torch.isfinite(logits).all()


@pytest.mark.parametrize("name", NAMES)
def test_features_and_head_make_the_whole(name: str) -> None:
    network, images = create_model(name).eval(), images_for(name)
    assert torch.equal(network.forward_head(network.forward_features(images)), network(images))


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_finite_everywhere(name: str) -> None:
    network = create_model(name)
    torch.nn.functional.cross_entropy(network(images_for(name)), torch.tensor([0, 1, 2, 3])).backward()
    for parameter_name, parameter in network.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert torch.isfinite(parameter.grad).all(), parameter_name


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_alone_equals_the_same_in_a_batch(name: str) -> None:
    network, images = create_model(name).eval(), images_for(name)
    torch.testing.assert_close(network(images)[2:3], network(images[2:3]), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_reset_classifier_changes_the_outputs_only(name: str) -> None:
    network = create_model(name)
    features = network.eval().forward_features(images_for(name))
    network.reset_classifier(3)
    assert network.num_classes == 3
    assert network(images_for(name)).shape == (4, 3)
    assert torch.equal(network.forward_features(images_for(name)), features)


@pytest.mark.parametrize("name", NAMES)
def test_colour_input_is_taken_when_asked_for(name: str) -> None:
    network = create_model(name, in_channels=3)
    _, height, width = MODELS.get(name).card.size_for_tests
    assert network(torch.rand(2, 3, height, width)).shape == (2, 7)


@pytest.mark.parametrize("name", NAMES)
def test_wrong_channels_and_sizes_are_refused(name: str) -> None:
    network = create_model(name)
    channels, height, width = MODELS.get(name).card.size_for_tests
    with pytest.raises(ValueError, match=r"expected \(B, 1, H, W\)"):
        network(torch.rand(2, channels + 1, height, width))
    side = network.smallest_side
    with pytest.raises(ValueError, match=f"{side}x{side} is the smallest that works"):
        network(torch.rand(2, channels, side - 1, width))
    assert network(torch.rand(2, channels, side, side)).shape == (2, 7)


@pytest.mark.parametrize("name", NAMES)
def test_weights_survive_safetensors(name: str, tmp_path: Path) -> None:
    network, other = create_model(name).eval(), create_model(name).eval()
    save_file(network.state_dict(), tmp_path / "weights.safetensors")
    other.load_state_dict(load_file(tmp_path / "weights.safetensors"))
    assert torch.equal(network(images_for(name)), other(images_for(name)))


@pytest.mark.parametrize("name", NAMES)
def test_the_onnx_graph_agrees_with_torch(name: str) -> None:
    import onnxruntime

    from mien.export.onnx_graph import build_onnx_graph

    network, images = create_model(name).eval(), images_for(name, 5) * 255
    graph = build_onnx_graph(network, size_hw=tuple(images.shape[2:]), mean=120.0, std=60.0)
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    (logits,) = session.run(["logits"], {"faces": images.numpy()})
    expected = network((images - 120) / 60)
    torch.testing.assert_close(torch.from_numpy(logits), expected.detach(), atol=1e-4, rtol=1e-4)
