"""The torch network of a model file, to go on training it: the graph's weights back in their places.

Weights go by their names, which the exporter keeps. Each batch norm, however, it folds into the layer before. It comes
back as one that changes nothing but adds the folded bias; `settle_batch_norms` then gives it the statistics of real
faces, which training needs, without changing an answer.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mien.errors import WeightsError
from mien.models.classifier import Classifier
from mien.models.outputs import to_logits
from mien.models.registry import create_model
from mien.recognition.model_file import INPUT_NAME, Contract, ModelFile

LARGEST_DIFFERENCE = 1e-3
"""By how much a logit of the rebuilt network may differ from the file's."""

_PREFIX = "network."
_BatchNorm = nn.modules.batchnorm._BatchNorm


def rebuild_network(model_file: ModelFile) -> Classifier:
    """Return the network of a model file in evaluation mode; it answers as the file does.

    Args:
        model_file: The file; its contract names network, options, head and crop.

    Raises:
        WeightsError: If the file is a variant, the contract names no network of this version, a weight is not found in
            the graph, or the rebuilt network answers differently.
    """
    import onnx

    contract = model_file.contract
    if contract.variant:
        raise WeightsError(
            f"{model_file.path}: a {contract.variant['precision']} variant, whose weights are rounded; "
            "go on from the float32 file"
        )
    recipe: Mapping[str, Any] = contract.recipe
    model = recipe.get("model")
    if not isinstance(model, Mapping) or not isinstance(model.get("name"), str):
        raise WeightsError(f"{model_file.path}: its contract names no network, so none can be rebuilt")
    network = create_model(
        model["name"],
        num_classes=len(contract.expressions),
        in_channels=contract.num_channels,
        head=recipe.get("head"),
        size_hw=contract.input_size_hw,
        crop_side=find_crop_side(contract),
        **{key: value for key, value in model.items() if key not in ("name", "pretrained")},
    ).eval()
    example = torch.rand(2, contract.num_channels, *contract.input_size_hw)
    fill_from_graph(network, onnx.load(model_file.path).graph, example=example, source=str(model_file.path))
    _compare(network, model_file, example)
    return network


def find_crop_side(contract: Contract) -> int | None:
    """Return the side of the square that a model looks at in the middle of a face; None of one that takes it whole."""
    augmentation = contract.recipe.get("augmentation")
    return augmentation.get("crop_pixels") or None if isinstance(augmentation, Mapping) else None


def fill_from_graph(network: Classifier, graph: Any, *, example: Tensor, source: str) -> None:
    """Load the weights of an ONNX graph into the network that it was exported from.

    Args:
        network: The network, in evaluation mode.
        graph: An ``onnx.GraphProto`` as `mien.export` writes it.
        example: Any batch that the network takes, to see which layer a batch norm follows.
        source: What messages call the graph.

    Raises:
        WeightsError: If a weight is not found, or has another shape.
    """
    from onnx import numpy_helper

    arrays = {each.name.removeprefix(_PREFIX): numpy_helper.to_array(each) for each in graph.initializer}
    biases = _find_biases(graph, arrays)
    modules = dict(network.named_modules())
    state = network.state_dict()
    filled = {f"{layer}.bias": bias for layer, bias in biases.items() if f"{layer}.bias" in state}
    filled |= {name: arrays[name] for name in state if name in arrays}
    for norm, layer in _find_layers_before_norms(network, example).items():
        if f"{norm}.running_var" in arrays or layer not in biases:
            continue
        filled |= _as_identity(modules[norm], norm)
        filled[f"{layer}.bias" if f"{layer}.bias" in state else f"{norm}.bias"] = biases[layer]
    missing = [name for name in state if name not in filled and not name.endswith("num_batches_tracked")]
    if missing:
        raise WeightsError(
            f"{source}: {len(missing)} of {len(state)} weights are not found in the graph, {missing[0]} for one; "
            "export the run again, or go on from its folder"
        )
    for name, array in filled.items():
        if tuple(array.shape) != tuple(state[name].shape):
            raise WeightsError(f"{source}: {name} is {array.shape} in the graph; expected {tuple(state[name].shape)}")
    network.load_state_dict(state | {name: torch.from_numpy(np.array(array)) for name, array in filled.items()})


@torch.no_grad()
def settle_batch_norms(network: nn.Module, batches: Iterable[Tensor]) -> None:
    """Give every batch norm the mean and variance of what reaches it, and change its scale and shift in return.

    The network's answers in evaluation stay what they were; in training, where a batch norm uses the batch's own
    statistics, it now answers alike.

    Args:
        network: The network.
        batches: Normalised pictures, shape ``(B, C, H, W)`` each, a few hundred in all.
    """
    norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
    sums: dict[nn.Module, list[Tensor]] = {}

    def add(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        values = inputs[0].double().transpose(0, 1).flatten(1)
        found = torch.stack(
            [values.sum(dim=1), values.square().sum(dim=1), torch.full_like(values[:, 0], values.shape[1])]
        )
        sums[module] = [*sums.get(module, []), found]

    was_training = network.training
    network.eval()
    hooks = [norm.register_forward_pre_hook(add) for norm in norms]
    try:
        for batch in batches:
            network(batch)
    finally:
        for hook in hooks:
            hook.remove()
        network.train(was_training)
    for norm, parts in sums.items():
        assert isinstance(norm, _BatchNorm)
        total, squares, count = torch.stack(parts).sum(dim=0)
        mean = total / count
        _set_statistics(norm, mean, (squares / count - mean.square()).clamp_min(0))


def _set_statistics(norm: Any, mean: Tensor, variance: Tensor) -> None:
    """Set a batch norm's statistics without changing what it answers by them."""
    scale = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
    shift = norm.bias.double() - scale * norm.running_mean.double()
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
    norm.weight.copy_(scale * (variance + norm.eps).sqrt())
    norm.bias.copy_(shift + scale * mean)


def _find_biases(graph: Any, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return by layer the bias that the graph adds after it: its own, a folded batch norm's, or zeros left out."""
    biases = {}
    for node in graph.node:
        weight, *bias = [name.removeprefix(_PREFIX) for name in node.input[1:3]] or [""]
        if not weight.endswith(".weight") or weight not in arrays:
            continue
        layer = weight.removesuffix(".weight")
        if not bias:
            biases[layer] = np.zeros(len(arrays[weight]), dtype=np.float32)
        elif bias[0] in arrays:
            biases[layer] = arrays[bias[0]]
    return biases


def _as_identity(norm: Any, name: str) -> dict[str, NDArray[Any]]:
    """Return the weights of a batch norm that changes nothing."""
    ones = np.ones(norm.num_features, dtype=np.float32)
    scale = ones * np.float32(np.sqrt(1 + norm.eps))
    parts = {"weight": scale, "bias": 0 * ones, "running_mean": 0 * ones, "running_var": ones}
    return {f"{name}.{part}": array for part, array in parts.items()}


def _find_layers_before_norms(network: nn.Module, example: Tensor) -> dict[str, str]:
    """Return by batch norm the layer whose output it gets as it is."""
    made_by: dict[int, str] = {}
    kept: list[Tensor] = []  # so that no two outputs share an address
    before: dict[str, str] = {}

    def note_output(name: str) -> Any:
        def note(_module: nn.Module, _inputs: object, output: Tensor) -> None:
            kept.append(output)
            made_by[id(output)] = name

        return note

    def note_input(name: str) -> Any:
        def note(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            if id(inputs[0]) in made_by:
                before[name] = made_by[id(inputs[0])]

        return note

    hooks = []
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Linear):
            hooks.append(module.register_forward_hook(note_output(name)))
        elif isinstance(module, _BatchNorm):
            hooks.append(module.register_forward_pre_hook(note_input(name)))
    with torch.inference_mode(), _removing(hooks):
        network(example)
    return before


@contextmanager
def _removing(hooks: Iterable[Any]) -> Iterator[None]:
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _compare(network: Classifier, model_file: ModelFile, example: Tensor) -> None:
    import onnxruntime

    contract = model_file.contract
    faces = 255 * example if contract.input_dtype == "uint8" else example
    session = onnxruntime.InferenceSession(str(model_file.path), providers=["CPUExecutionProvider"])
    expected = session.run(None, {INPUT_NAME: faces.numpy()})[0]
    mean, std = (torch.tensor(values)[:, None, None] for values in (contract.mean, contract.std))
    with torch.inference_mode():
        answered = to_logits(network((faces - mean) / std), network.output_activation).numpy()
    if network.output_activation == "relu":  # the logarithm of nearly nothing tells rounding errors apart
        answered, expected = np.exp(answered), np.exp(expected)
    difference = float(np.abs(answered - expected).max())
    if not difference < LARGEST_DIFFERENCE * max(1.0, float(np.abs(expected).max())):
        raise WeightsError(
            f"{model_file.path}: the rebuilt network's answers differ by {difference:.2g}; go on from the run folder"
        )
