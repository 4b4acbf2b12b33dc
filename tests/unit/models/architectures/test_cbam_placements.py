import pytest
import torch

from mien.errors import MienError
from mien.models import create_model
from mien.models.layers.cbam import Cbam


def places_of_cbam(name: str, **options: object) -> list[str]:
    with torch.device("meta"):
        network = create_model(name, **options)
    return [name for name, module in network.named_modules() if isinstance(module, Cbam)]


@pytest.mark.parametrize(
    ("name", "options", "places"),
    [
        ("resnet18_cbam_wen", {}, [f"features.stages.{stage}.{index}.1" for stage in range(4) for index in range(2)]),
        ("resnet18_cbam_sun", {}, ["features.after.3"]),
        ("resnet18_cbam_sun", {"placement": "last_block"}, ["features.stages.3.1.attention"]),
        ("resnet34_cbam_zhang", {}, ["features.stem.1", "features.after.3"]),
        ("resnet34_cbam_zhang_blocks", {}, ["features.stages.0.0.attention", "features.stages.3.2.attention"]),
    ],
)
def test_cbam_stands_where_the_text_says(name: str, options: dict, places: list[str]) -> None:
    assert places_of_cbam(name, **options) == places


def test_attention_maps_of_zhang() -> None:
    maps = create_model("resnet34_cbam_zhang").eval().attention_maps(torch.rand(2, 1, 48, 48))
    assert {name: tuple(each.shape) for name, each in maps.items()} == {
        "features.stem.1.channel": (2, 64),
        "features.stem.1.spatial": (2, 12, 12),
        "features.after.3.channel": (2, 512),
        "features.after.3.spatial": (2, 2, 2),
    }


def test_an_unknown_placement_is_refused() -> None:
    with pytest.raises(MienError, match="placement is 'first'; expected 'before_pooling' or 'last_block'"):
        create_model("resnet18_cbam_sun", placement="first")
