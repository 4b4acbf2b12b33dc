"""Fixtures for tests of networks that begin with published weights: made-up ones, where the real ones would lie."""

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from mien.errors import MienError
from mien.models import create_model, find_option_faults

Publish = Callable[[str, dict[str, Any]], Path]
CheckPretrained = Callable[..., None]


def randomize(network: nn.Module) -> None:
    """Give every weight, norm and running statistic a value of its own, so that two networks agree in all or differ."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                at_least = 0.5 if name.endswith("running_var") else -0.1
                value.copy_(at_least + 0.2 * torch.rand(value.shape, generator=generator))


def copy_in_order(network: nn.Module, other: nn.Module) -> None:
    """Copy weights from a network that has the same in the same order, by other names and perhaps as 1x1 kernels."""
    pairs = zip(network.state_dict().items(), other.state_dict().values(), strict=True)
    network.load_state_dict({name: value.reshape(own.shape) for (name, own), value in pairs})


@pytest.fixture
def publish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Publish:
    """Puts weights where a network says that it misses its published ones."""
    monkeypatch.setenv("MIEN_WEIGHTS", str(tmp_path))

    def put(name: str, weights: dict[str, Any]) -> Path:
        with pytest.raises(MienError, match="are not there; fetch http") as caught:
            create_model(name, pretrained=True)
        found = re.search(r"and put it at (.+)$", str(caught.value))
        assert found is not None
        file = Path(found[1])
        file.parent.mkdir(parents=True)
        if file.suffix == ".safetensors":
            save_file(weights, file)
        else:
            torch.save(weights, file)
        return file

    return put


@pytest.fixture
def check_pretrained(publish: Publish) -> CheckPretrained:
    """Checks that a network with published weights gives what their own does, in colour and in grey, bar its head."""

    @torch.no_grad()
    def check(
        name: str, weights: dict[str, Any], published_features: Callable[[Tensor], Tensor], *, side: int = 32
    ) -> None:
        publish(name, weights)
        grey = torch.rand(2, 1, side, side)
        expected = published_features(grey.repeat(1, 3, 1, 1))
        largest = expected.abs().max()
        with warnings.catch_warnings(action="error"):
            assert find_option_faults(name, {"pretrained": True}) == []
        for in_channels in (1, 3):
            network = create_model(name, in_channels=in_channels, num_classes=6, pretrained=True).eval()
            features = network.forward_features(grey.repeat(1, in_channels, 1, 1))
            torch.testing.assert_close(features / largest, expected / largest, atol=1e-4, rtol=0)
            assert network(grey.repeat(1, in_channels, 1, 1)).shape == (2, 6)

    return check
