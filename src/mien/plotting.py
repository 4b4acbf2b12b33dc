"""Charts that belong to no window, as PNG or SVG; figures of models and audits are drawn through here."""

import io
from typing import TYPE_CHECKING

from mien.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, GREY, ORANGE, TEAL, PURPLE = "#2b6cb0", "#718096", "#dd6b20", "#319795", "#805ad5"

DOTS_PER_INCH = 100


def new_figure(width_inches: float, height_inches: float) -> "Figure":
    """Return an empty matplotlib figure that belongs to no window.

    Args:
        width_inches: Width; a PNG has 100 pixels an inch.
        height_inches: Height.

    Raises:
        MissingExtraError: If matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", extra="train") from error
    return Figure(figsize=(width_inches, height_inches), dpi=DOTS_PER_INCH, layout="constrained")


def to_png(figure: "Figure", *, scale: int = 1) -> bytes:
    """Return a figure as a PNG file without a date or a version, so that equal figures give equal bytes.

    Args:
        figure: A matplotlib figure.
        scale: So many times 100 pixels an inch, for dense screens and paper.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=scale * DOTS_PER_INCH, metadata={"Software": None})
    return buffer.getvalue()


def to_svg(figure: "Figure") -> str:
    """Return a figure as an ``<svg>`` element for a page; its texts stay texts, and it is as wide as its place.

    Args:
        figure: A matplotlib figure.
    """
    import matplotlib

    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "mien"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]
