"""What the first layers of a network make of a face, layer by layer."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mien.data.showing import as_levels
from mien.errors import MienError
from mien.evaluation.explanation.answered import check_expressions, check_num_faces, open_answered_split
from mien.evaluation.explanation.explained import ExplainedNetwork, require_network
from mien.evaluation.explanation.tiles import Section, Sheets, Tile, as_file_name, draw_tiles
from mien.evaluation.judged_model import JudgedModel

NUM_LAYERS = 7
"""As many as the study still_images draws."""

_SIDE, _MAPS_IN_A_LINE, _MOST_MAPS = 96, 8, 16


@dataclass(frozen=True, eq=False)
class LayerView:
    """What one layer gives for one face.

    Args:
        name: Its name in the network; ``input`` for what the network is fed.
        kind: Its class, such as ``Conv2d``.
        maps: Shape ``(C, h, w)``, float32.
    """

    name: str
    kind: str
    maps: NDArray[np.float32]


def view_layers(model: ExplainedNetwork, image: Tensor, *, num_layers: int = NUM_LAYERS) -> list[LayerView]:
    """Return what the first layers give for a face, in the order in which they run, the input first.

    Source: the study still_images draws the outputs of the first seven layers of its networks side by side, the input
    layer among them. Differs: padding is part of a convolution here, and no layer of its own as in Keras.

    A layer is a module without modules in it; one that runs twice counts twice, one that gives no maps not at all.

    Args:
        model: The network.
        image: The face before normalisation, shape ``(C, H, W)``, uint8 or float32.
        num_layers: How many, the input counted.

    Raises:
        MienError: If it is less than 1.
    """
    if num_layers < 1:
        raise MienError(f"num_layers is {num_layers}; expected at least 1, the input")
    inputs = model.normalize(image[None].float())
    views = [LayerView("input", "Input", inputs[0].numpy())]

    def keep(name: str, module: nn.Module, _inputs: Any, output: Any) -> None:
        if isinstance(output, Tensor) and output.ndim == 4 and len(views) < num_layers:
            # A copy: the layer after it may write into the same memory.
            views.append(LayerView(name, type(module).__name__, output[0].detach().clone().numpy()))

    with ExitStack() as undo, torch.no_grad():
        for name, module in model.network.named_modules():
            if not any(True for _ in module.children()):
                undo.callback(module.register_forward_hook(partial(keep, name)).remove)
        model.network(inputs)
    return views


def view_run_layers(
    run: JudgedModel,
    *,
    split: str = "validation",
    expressions: Sequence[str] | None = None,
    rows: int = 1,
    num_layers: int = NUM_LAYERS,
    results_folder: Path = Path("results"),
) -> Sheets:
    """Return a contact sheet for each of a few faces: what a network's first layers make of it.

    The faces are those of each class that were answered rightly with most confidence.

    Args:
        run: A trained run, of a network.
        split: As for `explain_run`.
        expressions: True classes; None takes all.
        rows: Most faces a class.
        num_layers: Layers drawn, the input counted.
        results_folder: Where records lie.

    Raises:
        ExplanationError: If the run is of an estimator, or an ensemble.
        MienError: As for `explain_run`, and if there is less than one layer to draw.
    """
    check_num_faces(rows)
    answered = open_answered_split(run, split, results_folder=results_folder)
    network = require_network(answered.model)
    sheets: Sheets = {}
    for expression in check_expressions(expressions, answered.predictions.expressions):
        shown = answered.pick_rows(expression, is_right=True)[:rows]
        for number, image in enumerate(answered.images_of(shown), start=1):
            views = view_layers(network, image, num_layers=num_layers)
            title = f"{answered.title}: what the first {len(views)} layers make of a {expression} face"
            name = as_file_name(split, "layers", expression, *([str(number)] if rows > 1 else []))
            sheets[name] = draw_layers(title, views)
    return sheets


def draw_layers(title: str, views: Sequence[LayerView]) -> NDArray[np.uint8]:
    """Return a contact sheet of layers, shape ``(H, W, 3)``, uint8, RGB: side by side, then each with its channels.

    Every map is stretched from its lowest number, black, to its highest, white.

    Args:
        title: What stands above.
        views: The layers, as `view_layers` gives them.
    """
    together = tuple(
        Tile((_stretch(view.maps.mean(axis=0)),), (f"{number} {view.kind}",)) for number, view in enumerate(views, 1)
    )
    sections = [Section("mean of all channels", together)]
    for number, view in enumerate(views, start=1):
        channels, height, width = view.maps.shape
        shown = tuple(Tile((_stretch(each),)) for each in view.maps[:_MOST_MAPS])
        name = f"{number} {view.name}: {view.kind}, {channels} of {width}x{height}"
        more = f", the first {_MOST_MAPS}" if channels > _MOST_MAPS else ""
        sections.append(Section(name + more, shown))
    return draw_tiles(title, sections, columns=_MAPS_IN_A_LINE, side=_SIDE)


def _stretch(heat_map: NDArray[np.float32]) -> NDArray[np.uint8]:
    low, high = float(heat_map.min()), float(heat_map.max())
    return as_levels(((heat_map - low) / max(high - low, 1e-12)).astype(np.float32))
