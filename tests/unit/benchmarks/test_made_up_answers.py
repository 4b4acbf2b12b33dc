import numpy as np

from mien.benchmarks.made_up_answers import make_predictions
from tests.unit.evaluation.cross_dataset.conftest import make_face_set


def test_answers_belong_to_the_rows_of_the_faces() -> None:
    faces = make_face_set(["happy", "angry", "neutral"])
    probabilities = np.full((3, 4), 0.25, dtype=np.float32)
    made = make_predictions(faces, probabilities)
    assert made.split == "validation"
    assert made.row_ids.tolist() == faces.row_ids.tolist()
    assert made.labels.tolist() == faces.labels.tolist()
    np.testing.assert_array_equal(made.probabilities, probabilities)
