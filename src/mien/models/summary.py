"""What a network is made of and what it costs: layers with their shapes, parameters and operations, and latency."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from mien.models.classifier import Classifier
from mien.models.registry import count_parameters, create_model


@dataclass(frozen=True)
class LayerSummary:
    """One module of a network.

    Args:
        name: Its name in the network, such as ``features.0``.
        kind: Its class, with kernel, stride and groups where it has them.
        output_shape: Shape of what it gives for one picture, without the batch; None where it gives no single tensor.
        parameters: Trainable parameters in it.
        gflops: Operations in it for one picture, in thousand millions; a multiply-add counts twice.
        place: Its place in the order in which modules run.
        depth: Modules around it; 1 for those of the network itself.
        is_leaf: Whether it holds no further modules.
        is_row: Whether it is but a row of other modules, as ``Sequential`` is.
        keeps_shape: Whether what comes out is shaped as what came in.
    """

    name: str
    kind: str
    output_shape: tuple[int, ...] | None
    parameters: int
    gflops: float
    place: int
    depth: int
    is_leaf: bool
    is_row: bool
    keeps_shape: bool


@dataclass(frozen=True)
class ModelSummary:
    """A network at one input size.

    Args:
        input_size: ``(channels, height, width)``.
        output_shape: Shape of the logits of one picture.
        parameters: Trainable parameters.
        gflops: Operations for one picture, in thousand millions; a multiply-add counts twice.
        layers: All modules that ran, parents before what is in them.
    """

    input_size: tuple[int, int, int]
    output_shape: tuple[int, ...]
    parameters: int
    gflops: float
    layers: tuple[LayerSummary, ...]

    def down_to(self, depth: int) -> tuple[LayerSummary, ...]:
        """Return the modules with at most ``depth`` modules around them, parents first."""
        return tuple(layer for layer in self.layers if layer.depth <= depth)

    def depth_of_at_most(self, num_layers: int) -> int:
        """Return the greatest depth down to which there are at most so many modules, at least 1."""
        deepest = max((layer.depth for layer in self.layers), default=1)
        fitting = (depth for depth in range(deepest, 1, -1) if len(self.down_to(depth)) <= num_layers)
        return next(fitting, 1)

    def blocks(self, depth: int) -> tuple[LayerSummary, ...]:
        """Return modules none of which holds another, in the order in which they run.

        Rows of modules (`Sequential`) and the network's own parts are taken apart, blocks such as a residual one stay
        whole, and so does what lies at `depth`.

        Args:
            depth: Nothing that lies deeper is taken out of what is around it.
        """
        pieces: list[LayerSummary] = []
        for layer in self.layers:
            is_inside = any(layer.name.startswith(f"{piece.name}.") for piece in pieces)
            is_taken_apart = (layer.is_row or layer.depth == 1) and not layer.is_leaf and layer.depth < depth
            if not is_inside and not is_taken_apart:
                pieces.append(layer)
        return tuple(sorted(pieces, key=lambda layer: layer.place))


def summarize(network: nn.Module, input_size: tuple[int, int, int]) -> ModelSummary:
    """Return what a network is made of, by one forward pass of one picture in evaluation mode.

    On torch's ``meta`` device nothing is computed, so that the largest networks take less than a second.

    Args:
        network: The network; its mode is restored.
        input_size: ``(channels, height, width)``.

    Raises:
        ValueError: If the network does not take pictures of this size.

    Example:
        >>> from mien.models import create_model
        >>> summary = summarize(create_model("cnn_lstm"), (1, 48, 48))
        >>> summary.parameters, summary.layers[0].kind
        (457031, 'Sequential')
    """
    places: dict[str, int] = {}
    shapes: dict[str, tuple[tuple[int, ...] | None, bool]] = {}
    handles = []
    for name, module in network.named_modules():
        if name:
            handles.append(module.register_forward_pre_hook(_note_place(name, places)))
            handles.append(module.register_forward_hook(_note_shape(name, shapes)))
    was_training = network.training
    device = next(network.parameters()).device
    try:
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            logits = network.eval()(torch.zeros(1, *input_size, device=device))
    finally:
        network.train(was_training)
        for handle in handles:
            handle.remove()
    operations = _operations_by_name(counter, network)
    layers = []
    for name, module in network.named_modules():
        inside = [f"{name}.{part}" if part else name for part, _ in module.named_modules()]
        place = min((places[each] for each in inside if each in places), default=None)
        if not name or place is None:
            continue
        shape, keeps_shape = shapes.get(name, (None, False))
        layers.append(
            LayerSummary(
                name=name,
                kind=describe_module(module),
                output_shape=shape,
                parameters=count_parameters(module),
                gflops=_operations_inside(operations, name) / 1e9,
                place=place,
                depth=name.count(".") + 1,
                is_leaf=not any(True for _ in module.children()),
                is_row=type(module) in (nn.Sequential, nn.ModuleList, nn.ModuleDict),
                keeps_shape=keeps_shape,
            )
        )
    return ModelSummary(
        input_size=input_size,
        output_shape=tuple(logits.shape[1:]),
        parameters=count_parameters(network),
        gflops=counter.get_total_flops() / 1e9,
        layers=tuple(layers),
    )


def summarize_model(
    name: str, *, input_size: tuple[int, int, int], num_classes: int = 7, **options: Any
) -> ModelSummary:
    """Return what a registered network is made of, without memory or time for its weights.

    Args:
        name: Registered name, or ``timm/`` and the name of any of timm's models.
        input_size: ``(channels, height, width)``.
        num_classes: Number of logits.
        options: Further arguments of the network.

    Raises:
        MienError: If the name or an option is unknown.
        ValueError: If the network does not take pictures of this size.
    """
    with torch.device("meta"):
        network = create_model(name, num_classes=num_classes, in_channels=input_size[0], **options)
    return summarize(network, input_size)


def measure_latency_ms(network: Classifier, input_size: tuple[int, int, int], *, seconds: float = 1.0) -> float:
    """Return the median time of one picture through a network on one core, in milliseconds, in float32.

    Args:
        network: The network, not on the ``meta`` device; put into evaluation mode.
        input_size: ``(channels, height, width)``.
        seconds: How long to measure, at least five times.
    """
    image = torch.zeros(1, *input_size)
    threads = torch.get_num_threads()
    times: list[float] = []
    try:
        torch.set_num_threads(1)
        with torch.inference_mode():
            network.eval()(image)
            began = time.perf_counter()
            while len(times) < 5 or time.perf_counter() - began < seconds:
                start = time.perf_counter()
                network(image)
                times.append(time.perf_counter() - start)
    finally:
        torch.set_num_threads(threads)
    return 1000 * statistics.median(times)


def describe_module(module: nn.Module) -> str:
    """Return a module's class, with what tells it from others of that class.

    Example:
        >>> describe_module(nn.Conv2d(1, 8, 3, stride=2))
        'Conv2d 3x3 stride 2'
    """
    words = [type(module).__name__]
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        words.append("x".join(map(str, module.kernel_size)))
        words += [f"stride {module.stride[0]}"] if module.stride[0] != 1 else []
        words += [f"dilation {module.dilation[0]}"] if module.dilation[0] != 1 else []
        words += [f"groups {module.groups}"] if module.groups != 1 else []
    elif isinstance(module, nn.MaxPool2d | nn.AvgPool2d):
        kernel, stride = (_pair(size) for size in (module.kernel_size, module.stride or module.kernel_size))
        words.append("x".join(map(str, kernel)))
        words += [f"stride {stride[0]}"] if stride[0] != 1 else []
    elif isinstance(module, nn.Dropout):
        words.append(f"{module.p:g}")
    return " ".join(words)


def _pair(size: int | tuple[int, ...]) -> tuple[int, ...]:
    return size if isinstance(size, tuple) else (size, size)


def _note_place(name: str, places: dict[str, int]) -> Callable[..., None]:
    def note(*_: object) -> None:
        places.setdefault(name, len(places))

    return note


def _note_shape(name: str, shapes: dict[str, tuple[tuple[int, ...] | None, bool]]) -> Callable[..., None]:
    def note(_: nn.Module, inputs: tuple[object, ...], output: object) -> None:
        result = output[0] if isinstance(output, tuple) and output else output
        shape = tuple(result.shape[1:]) if isinstance(result, Tensor) else None
        first = inputs[0] if inputs else None
        shapes[name] = (shape, isinstance(first, Tensor) and tuple(first.shape[1:]) == shape)

    return note


def _operations_by_name(counter: FlopCounterMode, network: nn.Module) -> dict[str, int]:
    """Return the operations that torch counted, by the names of modules in the network."""
    root = f"{type(network).__name__}."
    counts = counter.get_flop_counts()
    return {key.removeprefix(root): sum(by.values()) for key, by in counts.items() if key.startswith(root)}


def _operations_inside(operations: dict[str, int], name: str) -> int:
    """Return the operations in a module; one that was entered by another door than its call is the sum of its parts."""
    if name in operations:
        return operations[name]
    parts = [key for key in operations if key.startswith(f"{name}.")]
    nearest = [key for key in parts if not any(key.startswith(f"{other}.") for other in parts)]
    return sum(operations[key] for key in nearest)
