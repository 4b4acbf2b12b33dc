from collections.abc import Callable, Sequence

import numpy as np
import pytest

from mien.evaluation.ensemble.answers import Answers


@pytest.fixture(scope="session")
def make_answers() -> Callable[..., Answers]:
    return _make_answers


def _make_answers(
    num_rows: int = 120, *, skills: Sequence[float] = (1.0, 1.5, 0.5), num_classes: int = 3, seed: int = 0
) -> Answers:
    """Answers of imagined models: a skill is what the right class's score has over the others."""
    random = np.random.default_rng(seed)
    labels = np.arange(num_rows) % num_classes
    scores = random.normal(size=(len(skills), num_rows, num_classes))
    scores[:, np.arange(num_rows), labels] += np.array(skills)[:, None]
    powers = np.exp(scores)
    probabilities = powers / powers.sum(axis=2, keepdims=True)
    names = tuple(f"model-{number}" for number in range(len(skills)))
    return Answers(names, probabilities, labels, tuple(f"class_{number}" for number in range(num_classes)))
