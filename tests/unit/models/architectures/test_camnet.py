import pytest
import torch

from mien.errors import MienError
from mien.models import create_model
from mien.models.architectures.camnet import CamNet
from mien.models.layers.masking_block import MaskingBlock
from mien.models.layers.residual import BasicBlock


@pytest.mark.parametrize("activation", ["softmax", "sigmoid", "none"])
def test_a_quarter_of_the_width_runs_at_64_pixels(activation: str) -> None:
    network = create_model("camnet", width=16, mask_activation=activation)
    assert network(torch.rand(2, 3, 64, 64)).shape == (2, 7)


def test_maps_shrink_as_the_table_says() -> None:
    network, shapes = CamNet(width=4).eval(), []
    for stage in network.features.stages:
        stage.register_forward_hook(lambda _, __, output: shapes.append(tuple(output.shape[1:])))
    network(torch.rand(1, 3, 64, 64))
    assert shapes == [(4, 16, 16), (8, 8, 8), (16, 4, 4), (32, 2, 2)]


def test_attention_maps() -> None:
    maps = CamNet(width=4).eval().attention_maps(torch.rand(2, 3, 32, 32))
    masks = {name: tuple(each.shape) for name, each in maps.items() if name.startswith("features.after.")}
    assert masks == {
        "features.after.0": (2, 4, 8, 8),
        "features.after.1": (2, 8, 4, 4),
        "features.after.2": (2, 16, 2, 2),
        "features.after.3": (2, 32, 1, 1),
    }
    assert len(maps) == 4 + 2 * 16
    assert maps["features.stages.3.2.branch.3"].shape == (2, 2 * 32)


def test_masks_are_four_levels_deep_and_then_one_less_each() -> None:
    with torch.device("meta"):
        masks = [module for module in create_model("camnet").modules() if isinstance(module, MaskingBlock)]
    assert [len(mask.encoder) for mask in masks] == [4, 3, 2, 1]


def test_the_masks_blocks_start_as_their_shortcuts_and_the_stages_do_not() -> None:
    network = CamNet(width=4)
    for part, expected in ((network.features.after, 0.0), (network.features.stages, 1.0)):
        blocks = [module for module in part.modules() if isinstance(module, BasicBlock)]
        assert blocks
        assert all((block.last_norm.weight == expected).all() for block in blocks)


@pytest.mark.parametrize(
    ("side", "message"),
    [
        (16, "images are 16x16; 32x32 is the smallest that works"),
        (48, "images are 48x48; height and width must be multiples of 32, such as 32x32 or 64x64"),
        (112, "images are 112x112; height and width must be multiples of 32, such as 96x96 or 128x128"),
    ],
)
def test_sizes_that_the_masks_cannot_halve_are_refused(side: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CamNet(width=4).eval()(torch.rand(2, 3, side, side))


def test_without_masks_any_size_runs() -> None:
    assert CamNet(width=4, has_masks=False).eval()(torch.rand(2, 3, 48, 48)).shape == (2, 7)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mask_activation": "tanh"}, "mask_activation is 'tanh'; expected one of 'softmax', 'sigmoid', 'none'"),
        ({"split_attention": "third"}, "split_attention is 'third'; expected one of 'both', 'first', 'second', 'none'"),
        ({"norms": "third"}, "norms is 'third'; expected one of 'both', 'first', 'second', 'none'"),
        ({"cardinality": (3, 4, 6)}, "cardinality has 3 numbers; expected one, or one for each of the 4 stages"),
        ({"cardinality": (3, 4, 6, 3)}, "64 channels cannot be divided into 6 groups"),
        ({"width": 0}, "width is 0; expected a positive number of channels"),
    ],
)
def test_refusals(options: dict, message: str) -> None:
    with torch.device("meta"), pytest.raises(MienError, match=message):
        create_model("camnet", **options)
