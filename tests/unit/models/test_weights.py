"""Weights into networks: whole, without the head, over other input channels, or refused with what does not fit."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from mien.errors import WeightsError
from mien.models import create_model, load_weights
from mien.models.weights import read_weights

OPTIONS = {"width": 8, "hidden": 16}


def small(seed: int = 0, **arguments: int) -> torch.nn.Module:
    torch.manual_seed(seed)
    return create_model("vgg_se", **OPTIONS, **arguments).eval()


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(3, 1, 48, 48, generator=torch.Generator().manual_seed(1))


@torch.no_grad()
def test_load_weights_from_a_file_gives_the_same_answers(tmp_path: Path, images: torch.Tensor) -> None:
    first, second = small(1), small(2)
    save_file(first.state_dict(), tmp_path / "weights.safetensors")
    loaded = load_weights(second, tmp_path / "weights.safetensors")
    assert torch.equal(first(images), second(images))
    assert (loaded.left_out, loaded.adapted, loaded.num_tensors) == ((), (), len(first.state_dict()))
    assert str(loaded) == f"{tmp_path / 'weights.safetensors'}: {loaded.num_tensors} tensors loaded"


@torch.no_grad()
def test_load_weights_leaves_the_head_of_other_classes_out(images: torch.Tensor) -> None:
    first, second = small(1, num_classes=7), small(2, num_classes=6)
    own_head = second.classifier.weight.clone()
    loaded = load_weights(second, first.state_dict(), source="a run")
    assert torch.equal(first.forward_features(images), second.forward_features(images))
    assert torch.equal(second.classifier.weight, own_head)
    assert loaded.left_out == ("classifier.weight", "classifier.bias")
    assert str(loaded).endswith(
        "; the head left out, which is for another number of classes (classifier.weight, classifier.bias)"
    )


@torch.no_grad()
def test_load_weights_sums_the_first_convolution_over_colours(images: torch.Tensor) -> None:
    colour, grey = small(1, in_channels=3), small(2, in_channels=1)
    loaded = load_weights(grey, colour.state_dict())
    torch.testing.assert_close(grey(images), colour(images.expand(-1, 3, -1, -1)))
    assert loaded.adapted == ("stages.0.0.weight",)
    assert "stages.0.0.weight adapted to other input channels" in str(loaded)


@torch.no_grad()
def test_load_weights_spreads_the_first_convolution_over_colours(images: torch.Tensor) -> None:
    grey, colour = small(1, in_channels=1), small(2, in_channels=3)
    load_weights(colour, grey.state_dict())
    torch.testing.assert_close(colour(images.expand(-1, 3, -1, -1)), grey(images))


def test_load_weights_names_the_first_three_mismatches_and_changes_nothing() -> None:
    network = small(1)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    other = create_model("vgg_se", width=12, hidden=16)
    with pytest.raises(WeightsError) as caught:
        load_weights(network, other.state_dict(), source="run-1")
    message = str(caught.value)
    assert message.startswith(
        "run-1: does not fit the network: stages.0.0.weight is 12x1x3x3, expected 8x1x3x3; "
        "stages.0.1.weight is 12, expected 8; stages.0.1.bias is 12, expected 8; and "
    )
    assert message.endswith(" more")
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_load_weights_names_missing_and_unknown_tensors() -> None:
    network = small()
    state = dict(network.state_dict())
    state["extra"] = state.pop("classifier.bias")
    with pytest.raises(
        WeightsError, match=r"^weights: does not fit the network: classifier\.bias is missing; extra is u"
    ):
        load_weights(network, state)


@pytest.mark.parametrize("arguments", [{"num_classes": 6}, {"in_channels": 3}])
def test_load_weights_exactly_adapts_nothing(arguments: dict[str, int]) -> None:
    with pytest.raises(WeightsError, match="does not fit the network"):
        load_weights(small(), small(**arguments).state_dict(), is_exact=True)


def test_a_head_of_another_width_is_a_mismatch() -> None:
    state = dict(small().state_dict())
    state["classifier.weight"] = torch.zeros(6, 32)
    with pytest.raises(WeightsError, match=r"network: classifier\.weight is 6x32, expected 7x16$"):
        load_weights(small(), state)


def test_read_weights_names_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"w\.safetensors does not exist; expected weights in a safetensors file"):
        read_weights(tmp_path / "w.safetensors")


def test_read_weights_names_a_damaged_file(tmp_path: Path) -> None:
    file = tmp_path / "w.safetensors"
    save_file({"a": torch.zeros(100)}, file)
    file.write_bytes(file.read_bytes()[:-8])
    with pytest.raises(WeightsError, match=r"w\.safetensors: not a whole safetensors file \("):
        read_weights(file)
