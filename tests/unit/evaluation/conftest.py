from dataclasses import replace

import numpy as np
import pytest

from mien.evaluation.robustness import CorruptionFigures, RobustnessReport
from mien.evaluation.robustness.corruption import CORRUPTIONS
from mien.metrics.figures import compute_figures


@pytest.fixture
def robustness_report(make_predictions) -> RobustnessReport:
    """Eight rows, of which the last has a copy: all right when clean, then 8, 6, 4, 4 and 2 right."""
    right = np.eye(3, dtype=np.float32)[np.arange(8) % 3] * 0.7 + 0.1
    clean = make_predictions(8, probabilities=right)
    figures = []
    for num_right in (8, 6, 4, 4, 2):
        answers = right.copy()
        answers[num_right:] = np.roll(answers[num_right:], 1, axis=1)
        figures.append(compute_figures(replace(clean, probabilities=answers)))
    measured = CorruptionFigures("blur", CORRUPTIONS.get("blur").card, tuple(figures))
    return RobustnessReport(compute_figures(clean), (measured, replace(measured, figures=(figures[0],) * 5)), seed=0)
