from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mien.errors import MissingExtraError
from mien.models import MODELS
from mien.models.drawing import MOST_BLOCKS, draw_architecture, find_blocks
from mien.models.summary import summarize_model


def test_blocks_of_camnet_are_its_stages_and_masks() -> None:
    blocks = find_blocks(summarize_model("camnet", input_size=(3, 224, 224)))
    assert [block.text for block in blocks] == [
        "Conv2d 7x7 stride 2, BatchNorm2d",
        "MaxPool2d 3x3 stride 2",
        "3 × BasicBlock",
        "MaskingBlock",
        "4 × BasicBlock",
        "MaskingBlock",
        "6 × BasicBlock",
        "MaskingBlock",
        "3 × BasicBlock",
        "MaskingBlock",
        "GlobalAverage",
        "Linear",
    ]
    assert [block.output_shape for block in blocks[:3]] == [(64, 112, 112), (64, 56, 56), (64, 56, 56)]
    assert sum(block.parameters for block in blocks) == 141_366_759


@pytest.mark.parametrize("name", ["vgg_se", "googlenet", "cnn_lstm", "nasnet_mobile", "vit48", "resnet18_cbam_wen"])
def test_blocks_hold_all_parameters_and_operations_and_are_few(name: str) -> None:
    summary = summarize_model(name, input_size=MODELS.get(name).card.input_size)
    blocks = find_blocks(summary)
    assert 4 <= len(blocks) <= MOST_BLOCKS
    assert sum(block.parameters for block in blocks) == summary.parameters
    assert sum(block.gflops for block in blocks) == pytest.approx(summary.gflops, rel=1e-6)


def test_fewer_blocks_are_cut_less_deep() -> None:
    summary = summarize_model("vgg_se", input_size=(1, 48, 48))
    assert len(find_blocks(summary, at_most=8)) <= 8
    assert len(find_blocks(summary, at_most=1)) > 1


def test_the_drawing_is_a_picture_with_a_box_for_each_block(tmp_path: Path) -> None:
    summary = summarize_model("cnn_lstm", input_size=(1, 48, 48))
    file = draw_architecture(summary, tmp_path / "net.png", title="cnn_lstm")
    pixels = np.asarray(Image.open(file).convert("RGB"))
    column = pixels[:, int(pixels.shape[1] * 0.13)]  # left of the labels, inside every box
    is_box = (column != 255).any(axis=1)
    assert np.count_nonzero(is_box[1:] & ~is_box[:-1]) >= len(find_blocks(summary)) + 1


def test_drawing_without_matplotlib_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'mien\[train\]'"):
        draw_architecture(summarize_model("vgg_se", input_size=(1, 48, 48)), tmp_path / "net.png", title="x")
    assert not (tmp_path / "net.png").exists()
