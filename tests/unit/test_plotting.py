import io
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from mien.errors import MissingExtraError
from mien.plotting import new_figure, to_png, to_svg

pytest.importorskip("matplotlib")


def test_a_png_has_a_hundred_pixels_an_inch() -> None:
    figure = new_figure(4, 2.5)
    figure.add_subplot().plot([0, 1])
    with Image.open(io.BytesIO(to_png(figure))) as picture:
        assert picture.size == (400, 250)
        assert np.asarray(picture.convert("L")).std() > 5


def test_a_png_can_be_denser() -> None:
    figure = new_figure(4, 2.5)
    with Image.open(io.BytesIO(to_png(figure, scale=2))) as picture:
        assert picture.size == (800, 500)


def test_an_svg_is_one_element_whose_texts_are_texts() -> None:
    figure = new_figure(4, 2.5)
    figure.add_subplot().set_title("brightness & contrast")
    svg = to_svg(figure)
    assert svg.startswith("<svg")
    root = ElementTree.fromstring(svg)
    assert "brightness & contrast" in ["".join(each.itertext()).strip() for each in root.iter()]


@pytest.mark.parametrize("write", [to_png, to_svg])
def test_equal_figures_give_equal_files(write) -> None:
    def draw():
        figure = new_figure(3, 2)
        figure.add_subplot().bar([1, 2], [3, 4])
        return write(figure)

    assert draw() == draw()


def test_a_missing_matplotlib_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"'matplotlib'.*mien\[train\]"):
        new_figure(1, 1)
