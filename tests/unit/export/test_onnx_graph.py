import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from mien.errors import ExportError
from mien.export.onnx_graph import build_graph, build_onnx_graph
from mien.models import create_model


@pytest.fixture(scope="module")
def graph() -> onnx.ModelProto:
    torch.manual_seed(0)
    return build_onnx_graph(create_model("vgg_se", width=4), size_hw=(48, 48), mean=120.0, std=60.0)


def test_the_graph_has_the_names_and_shapes_of_the_contract(graph: onnx.ModelProto) -> None:
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    (taken,), (given,) = session.get_inputs(), session.get_outputs()
    assert (taken.name, taken.shape[1:], taken.type) == ("faces", [1, 48, 48], "tensor(float)")
    assert (given.name, given.shape[1:]) == ("logits", [7])


@pytest.mark.parametrize("count", [1, 2, 7])
def test_any_batch_size_runs(graph: onnx.ModelProto, count: int) -> None:
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    faces = np.full((count, 1, 48, 48), 90, dtype=np.float32)
    (logits,) = session.run(None, {"faces": faces})
    assert logits.shape == (count, 7)
    np.testing.assert_allclose(logits, logits[:1].repeat(count, axis=0), atol=1e-5)


@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
def test_the_graph_gives_logits_whatever_the_output_activation(activation: str) -> None:
    torch.manual_seed(0)
    head = {"pooling": "flatten", "hidden": [8], "normalization": "group"}
    network = create_model("vgg_se", width=4, norm="group", head=head, output_activation=activation)
    built = build_onnx_graph(network, size_hw=(48, 48), mean=120.0, std=60.0)
    session = onnxruntime.InferenceSession(built.SerializeToString(), providers=["CPUExecutionProvider"])
    faces = torch.randint(0, 256, (5, 1, 48, 48)).float()
    (logits,) = session.run(None, {"faces": faces.numpy()})
    with torch.no_grad():
        activations = getattr(network((faces - 120) / 60), activation)() + 1e-12
    shares = activations / activations.sum(dim=1, keepdim=True)
    np.testing.assert_allclose(torch.from_numpy(logits).softmax(dim=1).numpy(), shares.numpy(), atol=1e-5)


def test_the_graph_says_nothing_of_the_machine_that_made_it(graph: onnx.ModelProto) -> None:
    assert b"stack_trace" not in graph.SerializeToString()
    assert b"/mien/" not in graph.SerializeToString()


def test_every_weight_stays_in_the_graph_under_its_name() -> None:
    """Equal ones too, as those of fresh norms are, and a linear layer's over tokens, which runs as a transposed one."""
    network = create_model("vit48", width=16, depth=1, norm="group")
    built = build_onnx_graph(network, size_hw=(48, 48), mean=120.0, std=60.0)
    shapes = {each.name: tuple(each.dims) for each in built.graph.initializer}
    assert {f"network.{name}": tuple(tensor.shape) for name, tensor in network.state_dict().items()}.items() <= (
        shapes.items()
    )


def test_a_network_that_torch_cannot_write_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    network = create_model("genome_cnn", genome="stem16|plain:16x1")
    features = network.forward_features
    monkeypatch.setattr(
        network, "forward_features", lambda images: features(images) if images.sum() > 0 else features(-images)
    )
    with pytest.raises(ExportError, match=r"torch cannot write this network as ONNX .*; take another") as raised:
        build_onnx_graph(network, size_hw=(48, 48), mean=120.0, std=60.0)
    assert "\n" not in str(raised.value)


def test_build_graph_takes_any_module_that_gives_logits() -> None:
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 4 * 5, 2))
    session = onnxruntime.InferenceSession(build_graph(module, in_channels=3, size_hw=(4, 5)).SerializeToString())
    faces = torch.rand(6, 3, 4, 5)
    (logits,) = session.run(["logits"], {"faces": faces.numpy()})
    np.testing.assert_allclose(logits, module(faces).detach().numpy(), atol=1e-5)
