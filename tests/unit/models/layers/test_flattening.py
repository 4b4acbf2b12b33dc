import pytest
import torch

from mien.models.layers.flattening import GlobalAverage, GlobalMax, SquareFlatten


def test_a_fitting_map_is_flattened() -> None:
    assert SquareFlatten(map_side=2, input_side=48)(torch.rand(3, 5, 2, 2)).shape == (3, 20)


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        ({}, "; for others, set input_side"),
        ({"otherwise": "set pooling='average'"}, "; for others, set pooling='average'"),
        ({"otherwise": ""}, " only"),
    ],
)
def test_another_map_is_refused_with_what_fits(options: dict, advice: str) -> None:
    with pytest.raises(ValueError, match=f"3x3, and the head was built for 2x2: pictures of 48x48{advice}$"):
        SquareFlatten(map_side=2, input_side=48, **options)(torch.rand(3, 5, 3, 3))


def test_global_average_takes_any_size() -> None:
    features = torch.rand(2, 5, 3, 4)
    torch.testing.assert_close(GlobalAverage()(features), features.mean(dim=(2, 3)))


def test_global_max_takes_any_size() -> None:
    features = torch.rand(2, 5, 3, 4)
    assert torch.equal(GlobalMax()(features), features.amax(dim=(2, 3)))
