from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mien.expressions import FER2013_EXPRESSIONS
from mien.metrics.figures import Figures, compute_figures

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@pytest.fixture(scope="package")
def figures(make_predictions) -> Figures:
    return compute_figures(make_predictions(350, expressions=FER2013_EXPRESSIONS))


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., "Figure"]:
    """Draws a picture and gives the matplotlib figure behind it."""
    from matplotlib.figure import Figure as Picture

    drawn = []
    save = Picture.savefig

    def watch(picture, *arguments, **named):
        drawn.append(picture)
        return save(picture, *arguments, **named)

    monkeypatch.setattr(Picture, "savefig", watch)

    def draw_and_give(draw, subject, **named):
        draw(subject, tmp_path / "picture.png", **named)
        return drawn[-1]

    return draw_and_give


@pytest.fixture
def read(look) -> Callable[..., list[str]]:
    """Draws a picture and gives the texts in it."""
    from matplotlib.text import Text

    def draw_and_read(*arguments, **named):
        return [each.get_text() for each in look(*arguments, **named).findobj(Text)]

    return draw_and_read
