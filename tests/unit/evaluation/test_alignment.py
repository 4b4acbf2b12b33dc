import re

import numpy as np
import pytest

from mien.errors import ProtocolError
from mien.evaluation.alignment import align_predictions


def test_align_predictions_brings_rows_and_classes_into_the_others_order(make_predictions):
    reference = make_predictions(30, random_seed=1, model="older")
    rows = np.random.default_rng(0).permutation(30)
    shuffled = make_predictions(
        30,
        probabilities=reference.probabilities[rows][:, [2, 0, 1]],
        labels=np.array([1, 2, 0])[reference.labels[rows]],
        row_ids=reference.row_ids[rows],
        has_copy_in_training=reference.has_copy_in_training[rows],
        expressions=("sad", "angry", "happy"),
    )
    aligned = align_predictions(shuffled, reference)
    assert (aligned.model, aligned.expressions) == ("compact", reference.expressions)
    for name in ("probabilities", "labels", "row_ids", "has_copy_in_training"):
        assert np.array_equal(getattr(aligned, name), getattr(reference, name))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param(
            {"num_rows": 11},
            "'b' and 'a' did not answer the same rows: 11 and 12, 11 shared",
            id="fewer rows",
        ),
        pytest.param(
            {"row_ids": np.array([f"others/{row}" for row in range(12)])},
            "'b' and 'a' did not answer the same rows: 12 and 12, 0 shared",
            id="other rows",
        ),
        pytest.param(
            {"split": "validation"},
            "'b' and 'a' answered validation of fer2013 and test of fer2013; expected the same split of one data set",
            id="another split",
        ),
        pytest.param(
            {"data_set": "rafdb"},
            "'b' and 'a' answered test of rafdb and test of fer2013; expected the same split of one data set",
            id="another data set",
        ),
        pytest.param(
            {"expressions": ("angry", "happy", "fear")},
            "'b' and 'a' know different classes: angry, happy, fear; and angry, happy, sad",
            id="other classes",
        ),
        pytest.param(
            {"labels": np.zeros(12, np.int64)},
            "'b' and 'a' were not given the same labels: 8 of 12 rows differ",
            id="other labels",
        ),
    ],
)
def test_align_predictions_refuses(make_predictions, changes, message):
    predictions = make_predictions(**{"num_rows": 12, "model": "b", **changes})
    with pytest.raises(ProtocolError, match=f"^{re.escape(message)}$"):
        align_predictions(predictions, make_predictions(12, model="a"))
