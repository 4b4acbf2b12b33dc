"""What is told of the answers on scenes: shares of faces found and answered rightly, each with its interval."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.evaluation.end_to_end.opening import OpenedFaces
from mien.evaluation.scenes import SceneSeries
from mien.metrics.bootstrap import accuracy_difference_interval
from mien.metrics.intervals import wilson_interval
from mien.metrics.row_figures import Interval


@dataclass(frozen=True, eq=False)
class DetectorAnswers:
    """What mien answered on each scene with one detector.

    Args:
        detector: Name of the detector; ``none`` stands for the given crops.
        margin: Crop margin of the model's contract for it.
        overlaps: Overlap of the box that found the face with the pasted square, NaN where none did, shape ``(N,)``.
        is_right: Whether the face was found and its expression answered rightly, shape ``(N,)``, bool.
        num_false_boxes: Further boxes, a second one on the face included, shape ``(N,)``, int64.
        seconds: Time that the scene took, shape ``(N,)``.
    """

    detector: str
    margin: float
    overlaps: NDArray[np.float64]
    is_right: NDArray[np.bool_]
    num_false_boxes: NDArray[np.int64]
    seconds: NDArray[np.float64]

    @property
    def is_found(self) -> NDArray[np.bool_]:
        """Whether each face was found, shape ``(N,)``, bool."""
        return ~np.isnan(self.overlaps)


@dataclass(frozen=True)
class Share:
    """A share of faces.

    Args:
        value: 0 to 1; NaN of no faces.
        interval: Its 95 % Wilson interval; None of no faces.
    """

    value: float
    interval: Interval | None


@dataclass(frozen=True)
class EndToEndFigures:
    """Figures of one detector on some of the faces.

    Args:
        num_faces: So many faces.
        found: Share of them that was found.
        overlap: Mean overlap of the boxes that found them; NaN where none did.
        false_boxes: False boxes a scene.
        right_if_found: Share of the found faces that was answered rightly.
        given_if_found: Share of the same faces that was answered rightly as given crops.
        right: Share of all faces that was found and answered rightly: accuracy end to end.
        given: Share of all faces that was answered rightly as given crops.
        difference_interval: 95 % interval of `right` less `given`, paired by face.
        median_ms: Median time a scene in milliseconds.
    """

    num_faces: int
    found: Share
    overlap: float
    false_boxes: float
    right_if_found: Share
    given_if_found: Share
    right: Share
    given: Share
    difference_interval: Interval
    median_ms: float

    @property
    def difference(self) -> float:
        """Accuracy end to end less that of given crops."""
        return self.right.value - self.given.value


@dataclass(frozen=True, eq=False)
class EndToEndReport:
    """What mien answered on scenes with each detector.

    Args:
        opened: The faces and the model file.
        series: The scenes.
        given: Answers on the pasted squares themselves, without any detection.
        detectors: Answers of each detector.
        left_out: Why detectors were left out, a line each.
    """

    opened: OpenedFaces
    series: SceneSeries
    given: DetectorAnswers
    detectors: tuple[DetectorAnswers, ...]
    left_out: tuple[str, ...] = ()

    @property
    def sides(self) -> list[int]:
        """The sides of the pasted faces, in pixels, from small to large."""
        sides: list[int] = np.unique(self.series.sides).tolist()
        return sides

    def groups(self) -> dict[str, NDArray[np.bool_]]:
        """Return the sets of faces that figures are told of, by name: masks of shape ``(N,)``; none is empty."""
        masks = {"all": np.ones(len(self.opened), dtype=bool)}
        masks["without a copy in training"] = ~self.opened.has_copy_in_training
        masks |= {f"{side} pixels": self.series.sides == side for side in self.sides}
        masks |= {"plain background": ~self.series.is_busy, "busy background": self.series.is_busy}
        return {name: mask for name, mask in masks.items() if mask.any()}

    def figures(self, answers: DetectorAnswers, *, group: str = "all") -> EndToEndFigures:
        """Return the figures of a detector on a set of faces.

        Args:
            answers: One of `detectors`, or `given`.
            group: A name that `groups` gives.
        """
        mask = self.groups()[group]
        is_found = answers.is_found & mask
        return EndToEndFigures(
            num_faces=int(mask.sum()),
            found=_share_of(answers.is_found, mask),
            overlap=float(answers.overlaps[is_found].mean()) if is_found.any() else math.nan,
            false_boxes=float(answers.num_false_boxes[mask].mean()),
            right_if_found=_share_of(answers.is_right, is_found),
            given_if_found=_share_of(self.given.is_right, is_found),
            right=_share_of(answers.is_right, mask),
            given=_share_of(self.given.is_right, mask),
            difference_interval=accuracy_difference_interval(answers.is_right[mask], self.given.is_right[mask]),
            median_ms=float(np.median(answers.seconds[mask]) * 1000),
        )


def _share_of(is_counted: NDArray[np.bool_], mask: NDArray[np.bool_]) -> Share:
    """Return the share of the masked rows that count."""
    num_rows, num_counted = int(mask.sum()), int((is_counted & mask).sum())
    if num_rows == 0:
        return Share(math.nan, None)
    return Share(num_counted / num_rows, wilson_interval(num_counted, num_rows))
