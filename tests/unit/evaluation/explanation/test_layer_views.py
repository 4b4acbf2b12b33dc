import numpy as np
import pytest
import torch

from mien.errors import ExplanationError, MienError
from mien.evaluation.explanation import ExplainedNetwork, LayerView, draw_layers, view_layers, view_run_layers
from mien.training import RunFolder

Squares = tuple[torch.Tensor, np.ndarray, np.ndarray]


def test_the_first_seven_layers_are_seen_in_the_order_in_which_they_run(
    trained: ExplainedNetwork, squares: Squares
) -> None:
    views = view_layers(trained, squares[0][0])
    assert [view.kind for view in views] == ["Input", "Conv2d", "BatchNorm2d", "ReLU", "Conv2d", "BatchNorm2d", "ReLU"]
    assert [view.name for view in views[:3]] == ["input", "stages.0.0", "stages.0.1"]
    assert [view.maps.shape for view in views] == [(1, 32, 32)] + [(8, 32, 32)] * 6


def test_each_layer_is_what_the_network_computes(trained: ExplainedNetwork, squares: Squares) -> None:
    """The ReLU works in place: what came before it must still hold numbers below zero."""
    face = squares[0][0]
    fed, convolved, normed, rectified = view_layers(trained, face, num_layers=4)
    inputs = trained.normalize(face[None].float())
    convolution, norm = trained.network.stages[0][0], trained.network.stages[0][1]
    with torch.no_grad():
        np.testing.assert_allclose(fed.maps, inputs[0].numpy())
        np.testing.assert_allclose(convolved.maps, convolution(inputs)[0].numpy(), atol=1e-5)
        np.testing.assert_allclose(normed.maps, norm(convolution(inputs))[0].numpy(), atol=1e-5)
    assert normed.maps.min() < 0
    np.testing.assert_allclose(rectified.maps, np.maximum(normed.maps, 0))


def test_layers_that_give_no_maps_are_left_out_and_no_hook_stays(trained: ExplainedNetwork, squares: Squares) -> None:
    views = view_layers(trained, squares[0][0], num_layers=1000)
    assert all(view.maps.ndim == 3 for view in views)
    assert {"Linear", "Flatten"}.isdisjoint(view.kind for view in views)
    assert not any(module._forward_hooks for module in trained.network.modules())


def test_no_layer_is_refused(trained: ExplainedNetwork, squares: Squares) -> None:
    with pytest.raises(MienError, match="num_layers is 0; expected at least 1, the input"):
        view_layers(trained, squares[0][0], num_layers=0)


def test_maps_are_drawn_from_black_to_white() -> None:
    numbers = np.array([[[-3.0, 1.0], [1.0, 5.0]], [[7.0, 7.0], [7.0, 7.0]]], dtype=np.float32)
    sheet = draw_layers("title", [LayerView("input", "Input", numbers)])
    gap, line, side = 8, 16, 96
    top = 2 * gap + line + (line + 4 + side + line + gap) + gap + line + 4
    first, second = (sheet[top : top + side, left : left + side, 0] for left in (gap, gap + side + gap))
    assert [int(first[y, x]) for y in (10, 80) for x in (10, 80)] == [0, 128, 128, 255]
    assert (second == 0).all()


def test_a_run_gives_a_sheet_for_each_face(tiny_run: RunFolder) -> None:
    sheets = view_run_layers(tiny_run, expressions=None, rows=2, num_layers=3)
    assert sheets
    assert all(name.startswith("validation-layers-") and name[-2:] in ("-1", "-2") for name in sheets)
    (single,) = {sheet.shape for sheet in view_run_layers(tiny_run, num_layers=3).values()}
    assert single[2] == 3


def test_what_cannot_be_viewed_is_refused(tiny_run: RunFolder, estimator_run: RunFolder) -> None:
    with pytest.raises(MienError, match="rows is 0; expected at least 1 face"):
        view_run_layers(tiny_run, rows=0)
    with pytest.raises(MienError, match="unknown expression 'hapy'; did you mean 'happy'"):
        view_run_layers(tiny_run, expressions=["hapy"])
    with pytest.raises(ExplanationError, match="layers and pictures of classes need a network"):
        view_run_layers(estimator_run)
