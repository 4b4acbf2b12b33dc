import pytest
import torch
from timm.layers import SplitAttn

from mien.models import count_parameters
from mien.models.layers.attention_map import collect_attention_maps
from mien.models.layers.split_attention import SplitAttention


@pytest.mark.parametrize(
    ("channels", "options"),
    [
        ((64, 64), {}),
        ((64, 128), {"stride": 2}),
        ((16, 16), {}),
        ((64, 64), {"cardinality": 2}),
        ((64, 64), {"cardinality": 4}),
        ((76, 76), {}),
        ((32, 48), {"radix": 1}),
        ((48, 48), {"radix": 3}),
    ],
)
@pytest.mark.parametrize("is_training", [True, False])
def test_equals_an_independent_one(channels: tuple[int, int], options: dict, is_training: bool) -> None:
    layer = SplitAttention(*channels, **options)
    theirs = {"groups" if name == "cardinality" else name: value for name, value in options.items()}
    other = SplitAttn(*channels, 3, norm_layer=torch.nn.BatchNorm2d, **theirs)
    layer.load_state_dict(dict(zip(layer.state_dict(), other.state_dict().values(), strict=True)))
    features = torch.randn(2, channels[0], 8, 8)
    assert torch.equal(layer.train(is_training)(features), other.train(is_training)(features))


@pytest.mark.parametrize(("channels", "parameters"), [((64, 64), 43_488), ((64, 128), 86_880), ((256, 256), 690_048)])
def test_parameters(channels: tuple[int, int], parameters: int) -> None:
    assert count_parameters(SplitAttention(*channels)) == parameters


def test_weights_of_the_splits_sum_to_one() -> None:
    maps = collect_attention_maps(SplitAttention(16, 24, radix=2), torch.randn(3, 16, 6, 6))
    assert maps[""].shape == (3, 48)
    torch.testing.assert_close(maps[""][:, :24] + maps[""][:, 24:], torch.ones(3, 24))


@pytest.mark.parametrize(("channels", "cardinality"), [(64, 3), (256, 6), (512, 3)])
def test_what_cannot_be_divided_is_refused(channels: int, cardinality: int) -> None:
    with pytest.raises(ValueError, match=f"{channels} channels cannot be divided into {2 * cardinality} groups"):
        SplitAttention(channels, channels, cardinality=cardinality)
