"""What the makers of sections are given: the models, and how much may be measured of them."""

from dataclasses import dataclass
from pathlib import Path

from mien.data import FaceSet
from mien.evaluation.report.gathering import Answered, ReportedModel


@dataclass(frozen=True, eq=False)
class Contents:
    """What a report is about.

    Args:
        models: The models.
        others: Other data sets that runs and ensembles are judged on.
        rows: Most faces of each model that are corrupted, and pasted into scenes; None takes all of validation.
        num_faces: Most mistakes of each model that are shown.
        has_pictures: Whether faces appear on the page.
        results_folder: Where records lie.
        num_draws: Draws behind the intervals of comparisons.
        seed: Seed of whatever is drawn.
    """

    models: tuple[ReportedModel, ...]
    others: tuple[FaceSet, ...]
    rows: int | None
    num_faces: int
    has_pictures: bool
    results_folder: Path
    num_draws: int
    seed: int

    @property
    def answered(self) -> tuple[Answered, ...]:
        """All answers, model by model."""
        return tuple(each for model in self.models for each in model.answered)
