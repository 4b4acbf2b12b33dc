"""The architecture of a network as a picture: its blocks from the input down, with their shapes and their cost."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mien.errors import MissingExtraError
from mien.models.summary import LayerSummary, ModelSummary
from mien.writing import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_BLOCKS = 26
_COLOURS = {
    "attention": ("#dd6b20", ("attention", "excitation", "cbam", "bam", "masking", "splitattn", "semodule")),
    "recurrent": ("#805ad5", ("lstm", "gru", "sequence")),
    "pooling": ("#718096", ("pool", "average", "max", "flatten", "amend")),
    "linear": ("#38a169", ("linear", "classifier")),
    "convolution": ("#2b6cb0", ("conv",)),
    "block": ("#319795", ()),
}
_DARK = "#2d3748"
_COLUMNS = (
    (5.8, "output", "left"),
    (11.2, "parameters", "right"),
    (13.2, "GFLOPs", "right"),
    (14.0, "share of parameters", "left"),
)


@dataclass(frozen=True)
class Block:
    """One box of the picture: a module, or several of one kind in a row.

    Args:
        label: What it is.
        repeats: How many stand in a row.
        output_shape: Shape of what comes out for one picture; None where it is no single tensor.
        parameters: Trainable parameters in all of them.
        gflops: Operations in all of them, in thousand millions.
    """

    label: str
    repeats: int
    output_shape: tuple[int, ...] | None
    parameters: int
    gflops: float

    @property
    def text(self) -> str:
        """Label, with the number in front where several stand in a row."""
        return self.label if self.repeats == 1 else f"{self.repeats} × {self.label}"


def find_blocks(summary: ModelSummary, *, at_most: int = MOST_BLOCKS) -> list[Block]:
    """Return a network as a short row of blocks, cut as deep as `at_most` allows.

    Modules without parameters that leave the shape as it is (activations, dropout) are left out, norms belong to what
    they follow, and equal neighbours are one block.

    Args:
        summary: What the network is made of.
        at_most: Blocks at the most, unless a network has more parts side by side at its top.
    """
    depths = range(1, max((layer.depth for layer in summary.layers), default=1) + 1)
    cuts = [_merge(summary.blocks(depth)) for depth in depths]
    return next((blocks for blocks in reversed(cuts) if len(blocks) <= at_most), cuts[0])


def draw_architecture(summary: ModelSummary, file: Path, *, title: str) -> Path:
    """Write a network as a PNG picture: a box for each block, as wide as its map, with its figures beside it.

    Args:
        summary: What the network is made of.
        file: File to write.
        title: Stands above.

    Returns:
        The file written.

    Raises:
        MissingExtraError: If matplotlib is not installed.
        MienError: If the place cannot be written.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", extra="train") from error
    blocks = find_blocks(summary)
    figure = Figure(figsize=(11, 1.6 + 0.42 * (len(blocks) + 1)), dpi=100, layout="constrained")
    axes = figure.add_subplot()
    cost = f"{summary.parameters:,} parameters, {summary.gflops:.3g} GFLOPs"
    axes.set_title(f"{title}\n{cost} at {_shape_text(summary.input_size)}", fontsize=13, pad=10)
    _draw_blocks(axes, blocks, summary)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return write_atomically(file, buffer.getvalue())


def _merge(layers: Sequence[LayerSummary]) -> list[Block]:
    blocks: list[Block] = []
    for layer in layers:
        if layer.parameters == 0 and layer.keeps_shape:
            continue
        block = Block(layer.kind, 1, layer.output_shape, layer.parameters, layer.gflops)
        if blocks and layer.is_leaf and layer.keeps_shape and "norm" in layer.kind.lower():
            before = blocks.pop()
            block = _join(before, block, label=f"{before.label}, {layer.kind}", repeats=1)
        blocks.append(block)
    merged: list[Block] = []
    for block in blocks:
        last = merged[-1] if merged else None
        if last is not None and (last.label, last.output_shape) == (block.label, block.output_shape):
            merged[-1] = _join(last, block, label=block.label, repeats=last.repeats + 1)
        else:
            merged.append(block)
    return merged


def _join(first: Block, second: Block, *, label: str, repeats: int) -> Block:
    parameters, gflops = first.parameters + second.parameters, first.gflops + second.gflops
    return Block(label, repeats, second.output_shape, parameters, gflops)


def _draw_blocks(axes: "Axes", blocks: Sequence[Block], summary: ModelSummary) -> None:
    from matplotlib.patches import FancyBboxPatch

    rows = [Block("input", 1, summary.input_size, 0, 0.0), *blocks]
    largest = max(_extent(block.output_shape) for block in rows)
    axes.set(xlim=(-5.4, 17.2), ylim=(len(rows) - 0.4, -1.1))
    axes.axis("off")
    for x, heading, side in _COLUMNS:
        axes.text(x, -0.85, heading, ha=side, va="center", fontsize=10, weight="bold")
    (shape_x, *_), (parameters_x, *_), (gflops_x, *_), (bar_x, *_) = _COLUMNS
    for row, block in enumerate(rows):
        half = 2.6 + 2.6 * (_extent(block.output_shape) / largest) ** 0.5
        colour = _DARK if row == 0 else _colour_of(block.label)
        shape = FancyBboxPatch(
            (-half, row - 0.3), 2 * half, 0.6, boxstyle="round,pad=0,rounding_size=0.12", facecolor=colour, linewidth=0
        )
        axes.add_patch(shape)
        axes.text(0, row, block.text, ha="center", va="center", color="white", fontsize=9.5)
        axes.text(shape_x, row, _shape_text(block.output_shape), ha="left", va="center", fontsize=10)
        if row:
            axes.annotate("", (0, row - 0.3), (0, row - 0.7), arrowprops={"arrowstyle": "-|>", "color": _DARK})
        if block.parameters:
            axes.text(parameters_x, row, f"{block.parameters:,}", ha="right", va="center", fontsize=10)
            axes.barh(row, 3.0 * block.parameters / summary.parameters, left=bar_x, height=0.5, color=colour)
        if block.gflops:
            axes.text(gflops_x, row, _gflops_text(block.gflops), ha="right", va="center", fontsize=10)


def _gflops_text(gflops: float) -> str:
    return f"{gflops:.4f}" if gflops >= 5e-5 else "< 0.0001"


def _colour_of(label: str) -> str:
    words = label.lower()
    for colour, parts in _COLOURS.values():
        if any(part in words for part in parts):
            return colour
    return _COLOURS["block"][0]


def _extent(shape: tuple[int, ...] | None) -> float:
    """Return the side of a map in pixels; 1 for what has none."""
    return float(shape[-1]) if shape is not None and len(shape) == 3 else 1.0


def _shape_text(shape: tuple[int, ...] | None) -> str:
    return "-" if shape is None else " × ".join(map(str, shape))
