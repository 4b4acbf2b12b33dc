import numpy as np
import pytest
from sklearn.svm import LinearSVC

from mien.errors import MienError
from mien.models import create_estimator
from mien.recognition.calibrators import softmax
from tests.conftest import make_patterns


@pytest.mark.parametrize("num_classes", [2, 3])
def test_answers_are_the_softmax_of_scikit_learns_distances(num_classes: int) -> None:
    faces, labels = make_patterns(60)
    faces, labels = faces[labels < num_classes], labels[labels < num_classes]
    estimator = create_estimator("hog_lbp_svm", regularization=0.5)
    estimator.fit(faces, labels, num_classes=num_classes, seed=0)
    features = estimator.features(faces)
    distances = LinearSVC(C=0.5, tol=0.01, dual=False).fit(features, labels).decision_function(features)
    if num_classes == 2:
        distances = np.stack([-distances, distances], axis=1)
    np.testing.assert_allclose(estimator.predict_probabilities(faces), softmax(distances), atol=1e-5)
    assert estimator.num_parameters == num_classes * (900 + 36 * 59 + 1)


def test_a_solver_that_is_stopped_says_so() -> None:
    faces, labels = make_patterns(60)
    said: list[str] = []
    options = {"iterations": 1, "tolerance": 1e-6}
    create_estimator("hog_lbp_svm", **options).fit(faces, labels, num_classes=3, seed=0, say=said.append)
    assert said == [
        "computing gradients and textures of 60 faces",
        "fitting support-vector machines to 3,024 features",
        "the solver stopped after 1 iterations, before it was done; raise model.iterations",
    ]
    said.clear()
    create_estimator("hog_lbp_svm").fit(faces, labels, num_classes=3, seed=0, say=said.append)
    assert len(said) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"regularization": 0.0}, r"regularization is 0\.0; expected a number above 0"),
        ({"regularization": float("nan")}, "regularization is nan; expected a number above 0"),
        ({"tolerance": -1.0}, r"tolerance is -1\.0; expected a number above 0"),
        ({"iterations": 0}, "iterations is 0; expected a number above 0"),
        ({"lbp_grid": 0}, "lbp_grid is 0; expected at least 1"),
    ],
)
def test_options_out_of_range_are_refused(options: dict, message: str) -> None:
    with pytest.raises(MienError, match=f"model 'hog_lbp_svm': {message}"):
        create_estimator("hog_lbp_svm", **options)
