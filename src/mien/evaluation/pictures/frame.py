"""What all pictures of figures share: their width, their title, and how they are written."""

from pathlib import Path
from typing import TYPE_CHECKING

from mien.evaluation.tables import percent
from mien.metrics.figures import Figures
from mien.plotting import to_png
from mien.writing import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH_INCHES = 9.0
MOST_ROOMY = 8
"""With more classes than these their names stand upright, and what is written of each is shorter."""


def title_of(figures: Figures) -> str:
    """Return the two lines that stand over every picture: what answered on what, and how well.

    Args:
        figures: Figures of a model on a split.
    """
    rows = figures.all_rows
    leaky = ", leaky" if figures.is_leaky else ""
    chosen = ", chosen on it" if figures.kind == "choice" else ""
    few = " (few)" if rows.has_few_rows else ""
    return (
        f"{figures.model} on {figures.split} of {figures.data_set}{chosen}{leaky}\n"
        f"{rows.num_rows:,} rows{few}, accuracy {percent(rows.accuracy)}"
    )


def save_titled(picture: "Figure", file: Path, *, figures: Figures) -> Path:
    """Write a picture with the title of its figures over its first axes, and return the file.

    Args:
        picture: A matplotlib figure.
        file: File to write.
        figures: The figures drawn.

    Raises:
        MienError: If the place cannot be written.
    """
    picture.axes[0].set_title(title_of(figures), fontsize=14, pad=14)
    return save_picture(picture, file)


def save_picture(picture: "Figure", file: Path) -> Path:
    """Write a picture as a PNG file, whole or not at all, and return the file.

    Args:
        picture: A matplotlib figure.
        file: File to write.

    Raises:
        MienError: If the place cannot be written.
    """
    return write_atomically(file, to_png(picture))
