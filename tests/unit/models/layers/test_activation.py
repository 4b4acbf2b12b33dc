import pytest
import torch

from mien.models.layers.activation import create_activation


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("relu", [0.0, 2.0]),
        ("leaky_relu", [-0.02, 2.0]),
        ("parametric_relu", [-0.5, 2.0]),
        ("tanh", [-0.96402758, 0.96402758]),
        ("sigmoid", [0.11920292, 0.88079708]),
    ],
)
def test_create_activation_bends_as_its_name_says(name: str, expected: list[float]) -> None:
    values = torch.tensor([[-2.0, 2.0]]).reshape(2, 1)
    torch.testing.assert_close(create_activation(name, 1)(values).flatten().detach(), torch.tensor(expected))


def test_parametric_relu_learns_one_slope_a_channel() -> None:
    assert sum(parameter.numel() for parameter in create_activation("parametric_relu", 12).parameters()) == 12


def test_create_activation_refuses_an_unknown_name() -> None:
    with pytest.raises(ValueError, match="activation is 'swish'; expected one of 'relu', 'leaky_relu', 'parametric"):
        create_activation("swish", 4)
