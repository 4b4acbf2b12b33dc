"""Layers, operations and latency of networks, against counts by hand."""

import pytest
import torch
from torch import nn

from mien.errors import MienError
from mien.models import create_model
from mien.models.summary import describe_module, measure_latency_ms, summarize, summarize_model


class TwoDoors(nn.Module):
    """A network whose body is entered by a method of its own, as timm's are."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.ReLU(), nn.MaxPool2d(2))
        self.classifier = nn.Linear(4 * 4 * 4, 2)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        for layer in self.body:
            images = layer(images)
        return self.classifier(images.flatten(1))


CONVOLUTION_FLOPS = 2 * 8 * 8 * 4 * 9
LINEAR_FLOPS = 2 * 64 * 2


def test_summarize_counts_by_hand() -> None:
    summary = summarize(TwoDoors(), (1, 8, 8))
    layers = {layer.name: layer for layer in summary.layers}
    assert list(layers) == ["body", "body.0", "body.1", "body.2", "classifier"]
    assert summary.parameters == 36 + 130
    assert summary.output_shape == (2,)
    assert summary.gflops == pytest.approx((CONVOLUTION_FLOPS + LINEAR_FLOPS) / 1e9)
    assert layers["body.0"].gflops == pytest.approx(CONVOLUTION_FLOPS / 1e9)
    assert layers["body"].gflops == pytest.approx(CONVOLUTION_FLOPS / 1e9)
    assert (layers["body"].output_shape, layers["body.2"].output_shape) == (None, (4, 4, 4))
    assert (layers["body"].parameters, layers["classifier"].parameters) == (36, 130)
    assert [layers[name].keeps_shape for name in ("body.0", "body.1", "body.2")] == [False, True, False]
    assert [layer.place for layer in summary.layers] == [0, 0, 1, 2, 3]


def test_summarize_leaves_the_network_as_it_was() -> None:
    network = TwoDoors().train()
    network.body[1].eval()
    hooks = len(network.body[0]._forward_hooks)
    summarize(network, (1, 8, 8))
    assert network.training
    assert len(network.body[0]._forward_hooks) == hooks == 0


def test_summarize_says_why_a_size_does_not_fit() -> None:
    with pytest.raises(ValueError, match="48x48 is the smallest that works"):
        summarize(create_model("vgg_se"), (1, 20, 20))


@pytest.mark.parametrize(
    ("name", "size", "gflops"),
    [
        ("camnet", (3, 224, 224), 43.8),
        ("residual_masking", (3, 224, 224), 43.8),
        ("resnet34", (3, 224, 224), 7.32),
        ("cnn_lstm", (1, 48, 48), 0.172),
        ("compact_irnet", (1, 40, 40), 0.166),
        ("compact_irnet", (1, 48, 48), 0.248),
        ("cifar_resnet20_cbam", (1, 48, 48), 0.184),
        ("cifar_resnet50_cbam", (1, 48, 48), 0.506),
        ("cbam_resnet50", (3, 224, 224), 8.19),
        ("bam_resnet50", (3, 224, 224), 8.34),
        ("baseline_cnn", (1, 48, 48), 1.44),
        ("khaireddin_vgg", (1, 40, 40), 0.70),
        ("alexnet", (1, 227, 227), 1.30),
        ("nasnet_mobile", (3, 224, 224), 1.125),
        ("resnet50", (1, 224, 224), 8.0),
        ("xception", (1, 299, 299), 16.7),
        ("inception_v3", (1, 299, 299), 11.4),
        ("nasnetalarge", (1, 331, 331), 47.5),
    ],
)
def test_operations_are_those_that_the_design_states(name: str, size: tuple[int, int, int], gflops: float) -> None:
    assert summarize_model(name, input_size=size).gflops == pytest.approx(gflops, rel=0.01)


def test_summarize_model_takes_options_and_classes() -> None:
    summary = summarize_model("vgg_se", input_size=(1, 48, 48), num_classes=8, width=24, pooling="average", dropout=0.3)
    assert summary.parameters == 724_181 + 257
    with pytest.raises(MienError, match="unknown option"):
        summarize_model("vgg_se", input_size=(1, 48, 48), widht=24)


def test_down_to_and_depth_of_at_most_agree() -> None:
    summary = summarize(TwoDoors(), (1, 8, 8))
    assert [layer.name for layer in summary.down_to(1)] == ["body", "classifier"]
    assert (summary.depth_of_at_most(5), summary.depth_of_at_most(4), summary.depth_of_at_most(1)) == (2, 1, 1)


def test_blocks_stay_whole_and_rows_are_taken_apart() -> None:
    summary = summarize_model("camnet", input_size=(3, 64, 64), width=16)
    kinds = [layer.kind.split()[0] for layer in summary.blocks(9)]
    assert kinds.count("MaskingBlock") == 4
    assert kinds.count("BasicBlock") == 16
    assert "Sequential" not in kinds
    names = [layer.name for layer in summary.blocks(9)]
    assert not any(other.startswith(f"{name}.") for name in names for other in names)
    assert sum(layer.parameters for layer in summary.blocks(9)) == summary.parameters


def test_blocks_run_in_order() -> None:
    places = [layer.place for layer in summarize_model("cnn_lstm", input_size=(1, 48, 48)).blocks(9)]
    assert places == sorted(places)


def test_measure_latency_is_a_time_and_restores_the_threads() -> None:
    threads = torch.get_num_threads()
    assert 0 < measure_latency_ms(create_model("vgg_se", width=8), (1, 48, 48), seconds=0) < 5000
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        (nn.Conv2d(4, 8, (1, 3), groups=2, dilation=4), "Conv2d 1x3 dilation 4 groups 2"),
        (nn.ConvTranspose2d(4, 8, 2, stride=2), "ConvTranspose2d 2x2 stride 2"),
        (nn.MaxPool2d(2), "MaxPool2d 2x2 stride 2"),
        (nn.AvgPool2d(3, stride=1), "AvgPool2d 3x3"),
        (nn.Dropout(0.25), "Dropout 0.25"),
        (nn.LSTM(1, 2), "LSTM"),
    ],
)
def test_describe_module_names_what_tells_it_from_others(module: nn.Module, expected: str) -> None:
    assert describe_module(module) == expected
