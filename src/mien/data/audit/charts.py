"""Charts of an audit as SVG; no picture of the set appears in them."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mien.data.audit.findings import Findings
from mien.data.audit.key_figures import Figures
from mien.data.audit.near_duplicates import KINDS
from mien.data.audit.outliers import Whiskers
from mien.data.audit.published import published
from mien.data.face_set import SPLITS
from mien.plotting import BLUE, GREY, ORANGE, PURPLE, TEAL, new_figure, to_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH = 8.0
_COLOUR_OF_SPLIT = {"training": BLUE, "validation": TEAL, "test": ORANGE}
_COLOURS = (BLUE, ORANGE, TEAL, PURPLE)


def draw_charts(findings: Findings, figures: Figures) -> dict[str, str]:
    """Return the charts that have something to show, as SVG by name.

    Args:
        findings: What the audit saw.
        figures: Its figures.

    Raises:
        MissingExtraError: If matplotlib is not installed.
    """
    charts: dict[str, Callable[[], str]] = {"classes": partial(draw_classes, figures)}
    if figures["identical"]["redundant"]:
        charts["copies"] = partial(draw_copies_by_class, figures)
    if figures["near"]["rows"]:
        charts["near"] = partial(draw_near_similarities, findings)
    if findings.is_readable.any():
        charts["outliers"] = partial(draw_outliers, findings)
    if findings.has_face:
        charts["faces"] = partial(draw_missing_faces, figures)
    if figures["votes"]:
        charts["votes"] = partial(draw_disagreement, figures)
    return {name: draw() for name, draw in charts.items()}


def draw_classes(figures: Figures) -> str:
    """Return the rows of each class and split as bars.

    Args:
        figures: Figures of an audit.
    """
    names = list(figures["classes"]["training"])
    figure = new_figure(_WIDTH, 0.6 + 0.36 * len(names))
    axes = figure.add_subplot()
    left = np.zeros(len(names))
    for split in (split for split in SPLITS if figures["splits"][split]):
        counts = np.array(list(figures["classes"][split].values()))
        axes.barh(names, counts, left=left, color=_COLOUR_OF_SPLIT[split], label=split)
        left += counts
    for place, count in enumerate(left.tolist()):
        axes.text(count, place, f" {count:,.0f}", va="center", fontsize=9)
    axes.invert_yaxis()
    axes.set_xlim(0, max(1.0, left.max(initial=0)) * 1.1)
    axes.set_xlabel("rows")
    if axes.containers:
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    return _finish(axes)


def draw_copies_by_class(figures: Figures) -> str:
    """Return the redundant copies of each class as bars, beside what was published.

    Args:
        figures: Figures of an audit.
    """
    by_class = figures["identical"]["redundant_by_class"]
    names = list(by_class)
    figure = new_figure(_WIDTH, 0.6 + 0.36 * len(names))
    axes = figure.add_subplot()
    axes.barh(names, list(by_class.values()), color=BLUE, label="copies beyond the first")
    for place, name in enumerate(names):
        known = published(figures["data_set"], f"redundant_copies {name}")
        beside = f" (published {known.value:,})" if known else ""
        axes.text(by_class[name], place, f" {by_class[name]:,}{beside}", va="center", fontsize=9)
    axes.set_xlim(0, max(by_class.values()) * 1.25)
    axes.invert_yaxis()
    axes.set_xlabel("copies beyond the first of each picture")
    return _finish(axes)


def draw_near_similarities(findings: Findings) -> str:
    """Return how similar the best match of each row is, by kind.

    Args:
        findings: What the audit saw.
    """
    figure = new_figure(_WIDTH, 3.2)
    axes = figure.add_subplot()
    values = [findings.near_similarity[findings.near_kind == kind] for kind in KINDS]
    least = float(findings.settings["least_similarity"])
    axes.hist(values, bins=np.linspace(least, 1, 31).tolist(), stacked=True, color=_COLOURS, label=KINDS)
    axes.set_xlim(least, 1)
    axes.set_xlabel("similarity of the picture that is most alike, though not identical")
    axes.set_ylabel("rows")
    axes.legend(frameon=False, loc="upper left")
    return _finish(axes)


def draw_outliers(findings: Findings) -> str:
    """Return a box plot of each measure with its thresholds and how many rows lie beyond them.

    Args:
        findings: What the audit saw.
    """
    figure = new_figure(_WIDTH, 1.7 * len(findings.outlier))
    rows = figure.subplots(len(findings.outlier), 1, squeeze=False)[:, 0]
    for axes, (measure, marks) in zip(rows, findings.outlier.items(), strict=True):
        values: NDArray[Any] = getattr(findings, measure)
        _draw_box(axes, values[findings.is_readable], findings.whiskers[measure])
        for side in ("low", "high"):
            _name_threshold(axes, float(getattr(findings.whiskers[measure], side)), int((marks == side).sum()), side)
        axes.set_xlabel(f"{measure}: {_MEANINGS[measure]}")
    return to_svg(figure)


def draw_missing_faces(figures: Figures) -> str:
    """Return the share of each class in which each detector finds no face.

    Args:
        figures: Figures of an audit.
    """
    names = list(figures["classes"]["training"])
    totals = np.array([sum(figures["classes"][split][name] for split in SPLITS) for name in names])
    figure = new_figure(_WIDTH, 0.8 + 0.2 * len(names) * (1 + len(figures["faces"])))
    axes = figure.add_subplot()
    height = 0.8 / len(figures["faces"])
    for number, (search, found) in enumerate(figures["faces"].items()):
        missing = np.array(list(found["not_found_by_class"].values()))
        shares = 100 * missing / np.maximum(totals, 1)
        places = np.arange(len(names)) + (number - (len(figures["faces"]) - 1) / 2) * height
        axes.barh(places, shares, height=height, color=_COLOURS[number % len(_COLOURS)], label=search)
        for place, share in zip(places.tolist(), shares.tolist(), strict=True):
            axes.text(share, place, f" {share:.1f} %", va="center", fontsize=8)
    axes.set_yticks(range(len(names)), names)
    axes.margins(x=0.1)
    axes.invert_yaxis()
    axes.set_xlabel("rows without a face that was found, in % of the class")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    return _finish(axes)


def draw_disagreement(figures: Figures) -> str:
    """Return which labels most annotators disagree with, and what they said instead.

    Args:
        figures: Figures of an audit, with votes.
    """
    by_class: Mapping[str, Mapping[str, int]] = figures["votes"]["disagreeing_by_class"]
    labels = list(by_class)
    said = list(dict.fromkeys(name for row in by_class.values() for name in row)) or labels
    counts = np.array([[by_class[label].get(name, 0) for name in said] for label in labels])
    figure = new_figure(_WIDTH, 0.9 + 0.42 * len(labels))
    axes = figure.add_subplot()
    axes.pcolormesh(counts, cmap="Blues", edgecolors="white")
    axes.invert_yaxis()
    for (row, column), count in np.ndenumerate(counts):
        colour = "white" if count > counts.max() / 2 else "black"
        axes.text(
            column + 0.5, row + 0.5, f"{count:,}" if count else "–", ha="center", va="center", color=colour, fontsize=9
        )
    axes.set_xticks(np.arange(len(said)) + 0.5, said)
    axes.set_yticks(np.arange(len(labels)) + 0.5, labels)
    axes.set_xlabel("what most annotators said")
    axes.set_ylabel("label")
    return to_svg(figure)


_MEANINGS = {"brightness": "mean grey level", "contrast": "standard deviation of the grey levels"}


def _draw_box(axes: "Axes", values: NDArray[Any], whiskers: Whiskers) -> None:
    """Draw the box from its five numbers, so that what is drawn is what was applied."""
    is_outside = (values < whiskers.low) | (values > whiskers.high)
    inside, outside = values[~is_outside], values[is_outside]
    axes.barh(1, whiskers.quartile_3 - whiskers.quartile_1, left=whiskers.quartile_1, height=0.5, color="#ebf4ff")
    for place in (whiskers.quartile_1, whiskers.quartile_3):
        axes.plot([place, place], [0.75, 1.25], color=BLUE, linewidth=1)
    axes.plot([whiskers.median, whiskers.median], [0.75, 1.25], color=BLUE, linewidth=2.5)
    for start, end in ((inside.min(), whiskers.quartile_1), (whiskers.quartile_3, inside.max())):
        axes.plot([start, end], [1, 1], color=BLUE, linewidth=1)
    spread = np.random.default_rng(0).uniform(0.8, 1.2, len(outside))
    axes.scatter(outside, spread, s=5, color=GREY, linewidths=0)
    axes.set_yticks([])
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _name_threshold(axes: "Axes", place: float, count: int, side: str) -> None:
    axes.axvline(place, color=ORANGE, linewidth=1.2, linestyle="--")
    align, text = (
        ("right", f"{count:,} below {place:.1f} ") if side == "low" else ("left", f" {count:,} above {place:.1f}")
    )
    axes.text(place, 1.42, text, ha=align, va="center", color=ORANGE, fontsize=9)
    axes.set_ylim(0.6, 1.55)


def _finish(axes: "Axes") -> str:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return to_svg(axes.figure)  # type: ignore[arg-type]
