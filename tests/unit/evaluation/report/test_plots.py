import base64
import io

import numpy as np
from PIL import Image

from mien.evaluation.report.plots import make_curves, make_plots, to_plot
from mien.plotting import new_figure


def _open(plot) -> Image.Image:
    kind, data = plot.address.split(",")
    assert kind == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


def test_a_plot_is_twice_as_dense_as_the_page() -> None:
    picture = new_figure(9, 9)
    picture.add_subplot().plot([0, 1])
    plot = to_plot(picture, alt="a line", caption="", height_share=0.5)
    assert plot.size_wh == (640, 320)
    with _open(plot) as drawn:
        assert drawn.size == (1280, 640)


def test_a_legend_is_made_to_fit() -> None:
    picture = new_figure(9, 3)
    picture.add_subplot().plot([0, 1], label="a very long name " * 6)
    picture.legend(loc="outside lower center", frameon=False)
    with _open(to_plot(picture, alt="", caption="")) as drawn:
        grey = np.asarray(drawn.convert("L"))
    assert grey[-60:].min() < 128  # the legend is there
    assert grey[-60:, :8].min() > 200  # and not cut at either side
    assert grey[-60:, -8:].min() > 200


def test_every_kind_of_plot_shows_all_answers(make_contents, judged) -> None:
    parts = {part.title: part.blocks for part in make_plots(make_contents(judged.one.folder, judged.two.folder))}
    assert list(parts) == [
        "Accuracy",
        "Classes",
        "Confusion, shares of each true class",
        "Confusion, counts",
        "Reliability",
        "Withholding unsure answers",
    ]
    for title, blocks in parts.items():
        labels = [plot.caption for plot in blocks[-1].plots]
        expected = ["one, validation", "one, test", "two, validation"]
        assert labels == (expected if title != "Accuracy" else ["Accuracy on fer2013 with 95 % Wilson intervals."])
        assert all(plot.alt for plot in blocks[-1].plots)
    confusion = parts["Confusion, shares of each true class"][0].plots[1].download
    counts = [line.split(",")[1:] for line in confusion.text.splitlines()[1:]]
    assert np.array_equal(np.array(counts, dtype=int), judged.record.figures.all_rows.confusion_matrix)
    assert len(parts["Withholding unsure answers"][0].lines) == 6


def test_learning_curves_are_those_of_the_run_or_of_all_members(make_contents, judged) -> None:
    (part,) = make_curves(make_contents(judged.two.folder, judged.ensemble, judged.record.file))
    run, ensemble = part.blocks[0].plots
    assert (run.caption, ensemble.caption) == ("two", "both")
    assert [line.split(",")[0] for line in ensemble.download.text.splitlines()] == ["run", "one-1", "two-1"]


def test_records_have_no_learning_curves(make_contents, judged) -> None:
    assert list(make_curves(make_contents(judged.record.file))) == []
