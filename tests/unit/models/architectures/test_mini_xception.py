import torch

from mien.models import count_parameters, create_model


def test_parameters_and_running_statistics_are_keras_total() -> None:
    network = create_model("mini_xception")
    statistics = sum(buffer.numel() for name, buffer in network.named_buffers() if "running" in name)
    assert (count_parameters(network), statistics) == (56_951, 1_472)
    assert count_parameters(network) + statistics == 58_423


def test_modules_have_the_counts_worked_out_by_hand() -> None:
    network = create_model("mini_xception")
    modules = [count_parameters(module) for module in network.features[-4:]]
    assert modules == [824, 2_672, 9_440, 35_264]
    assert count_parameters(network.features[:-4]) == 72 + 16 + 576 + 16


def test_maps_shrink_as_tensorflow_rounds() -> None:
    network, images = create_model("mini_xception").eval(), torch.rand(1, 1, 48, 48)
    sides = []
    for layer in network.features:
        images = layer(images)
        sides.append(images.shape[2])
    assert sides == [46, 46, 46, 44, 44, 44, 22, 11, 6, 3]


def test_batch_norm_has_keras_constants() -> None:
    norms = [layer for layer in create_model("mini_xception").modules() if isinstance(layer, torch.nn.BatchNorm2d)]
    assert {(norm.eps, norm.momentum) for norm in norms} == {(1e-3, 0.01)}
