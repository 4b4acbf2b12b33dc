"""What holds for every picture, and for all of them together."""

import errno
import os
import sys

import numpy as np
import pytest
from PIL import Image

from mien.errors import MienError, MissingExtraError
from mien.evaluation.pictures import draw_pictures
from mien.expressions import FER2013_EXPRESSIONS
from mien.metrics.figures import compute_figures

NAMES = ("accuracy", "classes", "confusion", "confusion-counts", "coverage", "reliability")


@pytest.fixture(scope="module")
def predictions(make_predictions):
    return make_predictions(350, expressions=FER2013_EXPRESSIONS)


def test_pictures_are_900_pixels_wide_not_blank_and_the_same_each_time(predictions, figures, tmp_path):
    first, second = (draw_pictures(predictions, tmp_path / "deep" / name, figures=figures) for name in ("a", "b"))
    assert {file.name for file in first} == {f"compact-test-{name}.png" for name in NAMES}
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in second]
    for file in first:
        with Image.open(file) as picture:
            assert picture.format == "PNG"
            assert picture.width == 900
            assert np.asarray(picture.convert("L")).std() > 10


def _overlaps(words):
    """Pairs of words that lie over one another; those that lean are left out, for their boxes are larger than they."""
    boxes = [(each.get_text(), each.get_window_extent()) for each in words if each.get_rotation() in (0, 90)]
    return [
        (text, other_text)
        for number, (text, box) in enumerate(boxes)
        for other_text, other in boxes[:number]
        if min(box.x1, other.x1) - max(box.x0, other.x0) > 1 and min(box.y1, other.y1) - max(box.y0, other.y0) > 1
    ]


@pytest.mark.parametrize("num_classes", [3, 20])
def test_no_words_overlap(make_predictions, monkeypatch, tmp_path, num_classes):
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    drawn: dict[Text, None] = {}
    draw, found = Text.draw, []

    def watch(text, renderer):
        if text.get_visible() and text.get_text():
            drawn[text] = None
        draw(text, renderer)

    def check(picture, *_, **__):
        drawn.clear()
        picture.draw_without_rendering()
        assert len(drawn) > 8
        found.extend(_overlaps(drawn))

    monkeypatch.setattr(Text, "draw", watch)
    monkeypatch.setattr(Figure, "savefig", check)
    predictions = make_predictions(600, expressions=tuple(f"expression {number}" for number in range(num_classes)))
    draw_pictures(predictions, tmp_path, figures=compute_figures(predictions))
    assert not found


def test_pictures_name_the_extra_when_matplotlib_is_missing(monkeypatch, predictions, figures, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'mien\[train\]'"):
        draw_pictures(predictions, tmp_path, figures=figures)


def test_pictures_leave_nothing_half_written(monkeypatch, predictions, figures, tmp_path):
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(MienError, match="no space left"):
        draw_pictures(predictions, tmp_path, figures=figures)
    assert not list(tmp_path.iterdir())
