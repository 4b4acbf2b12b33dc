"""What studies published about a data set, to stand beside what the audit finds; by data set and figure."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """A figure that a study published.

    Args:
        value: The figure.
        study: Who published it.
        remark: What is known of how it was counted.
    """

    value: int
    study: str
    remark: str = ""


PUBLISHED: Mapping[str, Mapping[str, Published]] = {
    "fer2013": {
        "redundant_copies": Published(1853, "cnn_lstm"),
        "redundant_copies fear": Published(301, "cnn_lstm"),
        "redundant_copies sad": Published(155, "cnn_lstm"),
        "redundant_copies surprise": Published(745, "cnn_lstm"),
        "conflicting_rows": Published(160, "cnn_lstm"),
        "unequal_pairs": Published(282, "cnn_lstm", "each of 141 pairs counted from both sides"),
        "outliers brightness high": Published(
            28, "cnn_lstm", "mean grey level above a threshold read off the box plot; the threshold is not told"
        ),
        "faces_found haar_alt_48": Published(
            27_783, "resnet_cbam", "either this cascade or a second, HOG detector found a face"
        ),
    }
}
"""Figures of studies by data set; the audit prints them beside its own."""


def published(data_set: str, figure: str) -> Published | None:
    """Return what a study published for a figure, or none.

    Args:
        data_set: Name of the data set.
        figure: Name of the figure.
    """
    return PUBLISHED.get(data_set, {}).get(figure)
