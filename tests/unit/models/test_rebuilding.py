import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from mien.errors import WeightsError
from mien.export.onnx_graph import build_onnx_graph
from mien.models import Classifier, create_model, rebuilding
from mien.models.outputs import to_logits
from mien.models.rebuilding import fill_from_graph, find_crop_side, rebuild_network, settle_batch_norms
from mien.recognition.model_file import METADATA_KEY, ModelFile, load_model_file


def random_network(name: str, **options: object) -> Classifier:
    """A network whose norms hold other numbers than fresh ones."""
    torch.manual_seed(1)
    network = create_model(name, **options).eval()
    for module in network.modules():
        if isinstance(module, nn.GroupNorm | nn.LayerNorm):
            module.weight.data.uniform_(0.5, 2)
            module.bias.data.normal_()
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            for tensor in (module.running_mean, module.bias.data):
                tensor.normal_()
            for tensor in (module.running_var, module.weight.data):
                tensor.uniform_(0.5, 2)
    return network


def test_rebuild_network_answers_as_the_shipped_file_does() -> None:
    model_file = load_model_file("compact")
    network = rebuild_network(model_file)
    faces = np.random.default_rng(0).integers(0, 256, size=(8, 1, 48, 48)).astype(np.float32)
    session = onnxruntime.InferenceSession(str(model_file.path), providers=["CPUExecutionProvider"])
    (expected,) = session.run(None, {"faces": faces})
    mean, std = model_file.contract.mean[0], model_file.contract.std[0]
    with torch.inference_mode():
        answered = network((torch.from_numpy(faces) - mean) / std)
    torch.testing.assert_close(answered, torch.from_numpy(expected), rtol=1e-4, atol=1e-4)
    assert not network.training


# Batch norms folded into convolutions and a linear layer, left alone, and after layers with biases of their own; in the
# last one, weights that are transposed before they are used.
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("vgg_se", {"width": 16}),
        ("compact_irnet", {}),
        ("mini_xception", {}),
        ("mobilenet48", {}),
        ("vit48", {"width": 16, "depth": 1}),
    ],
)
def test_fill_from_graph_finds_every_weight(name: str, options: dict) -> None:
    network = random_network(name, **options)
    graph = build_onnx_graph(network, size_hw=(48, 48), mean=100.0, std=50.0).graph
    rebuilt, images = create_model(name, **options).eval(), torch.randn(4, network.in_channels, 48, 48)
    fill_from_graph(rebuilt, graph, example=images, source="graph")
    with torch.inference_mode():
        torch.testing.assert_close(rebuilt(images), network(images), rtol=1e-4, atol=1e-4)


def test_fill_from_graph_names_a_weight_that_it_does_not_find() -> None:
    graph = build_onnx_graph(random_network("vgg_se", width=8), size_hw=(48, 48), mean=0.0, std=1.0).graph
    del graph.initializer[0]
    with pytest.raises(WeightsError, match=r"here: 5 of 72 weights are not found in the graph, stages\.0\.0\.weight"):
        fill_from_graph(create_model("vgg_se", width=8).eval(), graph, example=torch.zeros(2, 1, 48, 48), source="here")


def test_fill_from_graph_names_a_weight_of_another_shape() -> None:
    graph = build_onnx_graph(random_network("vgg_se", width=8), size_hw=(48, 48), mean=0.0, std=1.0).graph
    wider = create_model("vgg_se", width=16).eval()
    with pytest.raises(
        WeightsError, match=r"here: stages\.0\.6\.excite\.bias is \(8,\) in the graph; expected \(16,\)"
    ):
        fill_from_graph(wider, graph, example=torch.zeros(2, 1, 48, 48), source="here")


def write_with_recipe(
    file: Path, recipe: dict[str, object], *, graph: onnx.ModelProto | None = None, **facts: object
) -> ModelFile:
    shipped = load_model_file("compact")
    graph = graph or onnx.load(shipped.path)
    contract = replace(shipped.contract, recipe=recipe, **facts)
    onnx.helper.set_model_props(graph, {METADATA_KEY: contract.to_json()})
    onnx.save(graph, file)
    return load_model_file(file)


TINY = {"name": "genome_cnn", "genome": "stem16|plain:16x1"}
HEADS = {
    "flatten": {"pooling": "flatten", "hidden": [8], "normalization": "batch"},
    "batch": {"hidden": [8, 6], "normalization": "batch", "dropout": [0.2, 0.5], "dropout_at": ["between", "after"]},
    "group": {"pooling": "max", "hidden": [8], "normalization": "group", "dropout": 0.5},
}


@pytest.mark.parametrize(
    "recipe",
    [
        {"model": TINY, "head": HEADS["batch"]},
        {"model": TINY, "head": HEADS["group"]},
        {"model": TINY | {"norm": "group"}},
        {"model": TINY | {"output_activation": "sigmoid", "pretrained": True}, "head": None},
        {"model": TINY | {"output_activation": "relu"}},
        {"model": TINY, "augmentation": {"crop_pixels": 40}},
        {
            "model": TINY | {"norm": "group", "output_activation": "relu"},
            "head": HEADS["flatten"],
            "augmentation": {"crop_pixels": 40, "ten_crop": True},
        },
    ],
    ids=["batch", "group", "norm", "sigmoid", "relu", "crop", "all"],
)
def test_rebuild_network_knows_all_that_a_recipe_may_say_of_it(tmp_path: Path, recipe: dict) -> None:
    options = {key: value for key, value in recipe["model"].items() if key != "pretrained"}
    crop_side = recipe.get("augmentation", {}).get("crop_pixels")
    network = random_network(**options, in_channels=1, head=recipe.get("head"), size_hw=(48, 48), crop_side=crop_side)
    graph = build_onnx_graph(network, size_hw=(48, 48), mean=100.0, std=50.0)
    model_file = write_with_recipe(tmp_path / "tiny.onnx", recipe, graph=graph, mean=(100.0,), std=(50.0,))
    rebuilt = rebuild_network(model_file)
    faces = torch.randint(0, 256, (8, 1, 48, 48)).float()
    (expected,) = onnxruntime.InferenceSession(str(model_file.path)).run(None, {"faces": faces.numpy()})
    with torch.inference_mode():
        outputs = rebuilt((faces - 100) / 50)
        torch.testing.assert_close(outputs, network((faces - 100) / 50), rtol=1e-3, atol=1e-4)
    logits = to_logits(outputs, rebuilt.output_activation)
    torch.testing.assert_close(logits, torch.from_numpy(expected), rtol=1e-3, atol=1e-3)
    assert (rebuilt.crop_side, rebuilt.output_activation) == (crop_side, network.output_activation)
    assert [type(each) for each in rebuilt.modules()] == [type(each) for each in network.modules()]


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [({}, None), ({"augmentation": {"flip": 0.5}}, None), ({"augmentation": {"crop_pixels": 40}}, 40)],
)
def test_find_crop_side_is_none_where_faces_are_taken_whole(recipe: dict[str, object], expected: int | None) -> None:
    assert find_crop_side(replace(load_model_file("compact").contract, recipe=recipe)) == expected


@pytest.mark.parametrize("recipe", [{}, {"model": {"width": 24}}])
def test_rebuild_network_needs_a_network_in_the_contract(tmp_path: Path, recipe: dict[str, object]) -> None:
    model_file = write_with_recipe(tmp_path / "unnamed.onnx", recipe)
    with pytest.raises(WeightsError, match=r"unnamed\.onnx: its contract names no network, so none can be rebuilt"):
        rebuild_network(model_file)


def test_rebuild_network_refuses_one_that_answers_differently(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = json.loads(load_model_file("compact").contract.to_json())["recipe"]
    model_file = write_with_recipe(tmp_path / "other.onnx", recipe)
    monkeypatch.setattr(
        rebuilding,
        "_as_identity",
        lambda norm, name: {
            f"{name}.{part}": np.full(norm.num_features, 2.0, np.float32)
            for part in ("weight", "bias", "running_mean", "running_var")
        },
    )
    with pytest.raises(
        WeightsError, match=r"other\.onnx: the rebuilt network's answers differ by .*; go on from the run"
    ):
        rebuild_network(model_file)


def test_settle_batch_norms_changes_no_answer_and_makes_training_answer_alike() -> None:
    network = random_network("vgg_se", width=8, dropout=0.0)
    images = torch.randn(64, 1, 48, 48)
    with torch.inference_mode():
        before = network(images)
        in_training = network.train()(images)
    network = random_network("vgg_se", width=8, dropout=0.0)
    settle_batch_norms(network, [images[:24], images[24:]])
    with torch.inference_mode():
        torch.testing.assert_close(network(images), before, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(network.train()(images), before, rtol=1e-3, atol=1e-3)
    assert (in_training - before).abs().max() > 0.1
