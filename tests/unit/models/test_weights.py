"""Weights into networks: whole, without the head, over other input channels, or refused with what does not fit."""

from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from mien.errors import WeightsError
from mien.models import create_model, load_weights
from mien.models.weights import naming_a_bad_file, read_weights, write_weights

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


def test_read_weights_reads_safetensors(tmp_path: Path) -> None:
    save_file({"weight": torch.ones(2)}, tmp_path / "net.safetensors")
    assert read_weights(tmp_path / "net.safetensors")["weight"].tolist() == [1, 1]


@pytest.mark.parametrize("held", [{"weight": torch.ones(2)}, {"epoch": 3, "state_dict": {"weight": torch.ones(2)}}])
def test_read_weights_reads_torch_files_with_weights_alone_or_under_state_dict(held: object, tmp_path: Path) -> None:
    torch.save(held, tmp_path / "net.pth.tar")
    assert read_weights(tmp_path / "net.pth.tar")["weight"].tolist() == [1, 1]


@pytest.mark.parametrize("name", ["net.safetensors", "net.pth"])
@pytest.mark.parametrize("content", [b"", b"<!DOCTYPE html>"])
def test_read_weights_names_a_file_without_weights(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsError, match=rf"{name}: not whole, or no weights of this network \(.+\); f") as caught:
        read_weights(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("held", [[torch.ones(1)], {"epoch": 3}, {"state_dict": 3}])
def test_read_weights_refuses_what_are_no_tensors_by_name(held: object, tmp_path: Path) -> None:
    torch.save(held, tmp_path / "net.pth")
    with pytest.raises(WeightsError, match=r"net\.pth: not weights \(no tensors by name in it\)"):
        read_weights(tmp_path / "net.pth")


def test_naming_a_bad_file_leaves_other_faults_alone(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), naming_a_bad_file(tmp_path):
        _ = 1 / 0


def test_equal_weights_are_equal_files(tmp_path: Path) -> None:
    """safetensors alone shuffles the facts, and with them the fingerprint of the file."""
    state = {"layers.0.weight": torch.rand(3, 5).T, "l\u00e4ngs": torch.rand(2)}
    facts = {f"fact {number}": f"{number} \u20ac" for number in range(20)}
    first = write_weights(tmp_path / "first.safetensors", state, facts=facts)
    second = write_weights(tmp_path / "second.safetensors", state, facts=dict(reversed(facts.items())))
    assert first.read_bytes() == second.read_bytes()
    assert all(torch.equal(value, state[name]) for name, value in read_weights(first).items())
    with safe_open(first, "pt") as opened:
        assert opened.metadata() == facts
