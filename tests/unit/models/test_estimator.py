import numpy as np
import pytest

from mien.errors import DataError, MienError, ModelFileError
from mien.models import ESTIMATORS, Estimator, EstimatorCard, compute_log_probabilities, register_estimator
from mien.models.estimator import FACES_AT_A_TIME, Arrays, Say


class Brightest(Estimator):
    """Takes the class whose training faces were about as bright; the left half counts double."""

    def learn(self, faces: np.ndarray, labels: np.ndarray, *, seed: int, say: Say) -> Arrays:
        self.seen, self.seed = (faces, labels), seed
        means = [faces[labels == label].mean() for label in range(labels.max() + 1)]
        return {"means": np.array(means, dtype=np.float32)}

    def answer(self, faces: np.ndarray) -> np.ndarray:
        weights = np.where(np.arange(faces.shape[2]) < faces.shape[2] / 2, 2, 0)
        distances = np.abs((faces * weights).mean(axis=(1, 2))[:, None] - self.learned["means"])
        closeness = 1 / (1 + distances)
        return closeness / closeness.sum(axis=1, keepdims=True)


FACES = np.repeat(np.array([10, 100, 200, 12], dtype=np.uint8), 6).reshape(4, 2, 3)
LABELS = np.array([1, 4, 2, 1])


@pytest.fixture
def fitted() -> Brightest:
    estimator = Brightest()
    estimator.fit(FACES, LABELS, num_classes=6, seed=3)
    return estimator


def test_fit_hands_over_grey_faces_and_consecutive_labels() -> None:
    estimator = Brightest()
    colour = np.repeat(FACES[..., None], 3, axis=3)
    estimator.fit(colour, LABELS, num_classes=6, seed=2**60)
    np.testing.assert_array_equal(estimator.seen[0], FACES)
    assert estimator.seen[1].tolist() == [0, 2, 1, 0]
    assert 0 <= estimator.seed < 2**32


def test_answers_stand_in_the_column_of_their_class(fitted: Brightest) -> None:
    probabilities = fitted.predict_probabilities(FACES)
    assert probabilities.argmax(axis=1).tolist() == LABELS.tolist()
    assert (probabilities[:, [0, 3, 5]] == 0).all()


def test_many_faces_are_answered_in_parts(fitted: Brightest) -> None:
    many = np.resize(FACES, (FACES_AT_A_TIME + 3, 2, 3))
    np.testing.assert_array_equal(fitted.predict_probabilities(many)[-3:], fitted.predict_probabilities(many[-3:]))


@pytest.mark.parametrize(
    ("faces", "labels", "message"),
    [
        (FACES.astype(float), LABELS, r"faces are float64 \(4, 2, 3\); expected uint8 \(N, H, W\) or \(N, H, W, 3\)"),
        (FACES[..., None], LABELS, r"faces are uint8 \(4, 2, 3, 1\); expected"),
        (FACES, LABELS[:3], r"labels have shape \(3,\); expected \(4,\) as there are 4 faces"),
        (FACES, LABELS + 2, r"labels lie in 3\.\.6; expected 0\.\.5"),
        (FACES, LABELS - 2, r"labels lie in -1\.\.2; expected 0\.\.5"),
    ],
)
def test_fit_refuses(faces: np.ndarray, labels: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Brightest().fit(faces, labels, num_classes=6, seed=0)


@pytest.mark.parametrize(("rows", "count"), [([0, 3], 1), ([], 0)])
def test_fit_refuses_fewer_than_two_classes(rows: list[int], count: int) -> None:
    with pytest.raises(DataError, match=f"number of classes among the training faces is {count}; expected at least 2"):
        Brightest().fit(FACES[rows], LABELS[rows], num_classes=6, seed=0)


def test_predict_refuses_before_a_fit() -> None:
    with pytest.raises(ValueError, match="Brightest was not fitted yet; call fit or load_state first"):
        Brightest().predict_probabilities(FACES)


def test_predict_refuses_other_sizes(fitted: Brightest) -> None:
    with pytest.raises(ValueError, match=r"faces have shape \(4, 3, 2\); expected \(N, 2, 3\[, 3\]\) as was fitted"):
        fitted.predict_probabilities(FACES.transpose(0, 2, 1))


def test_state_is_everything(fitted: Brightest) -> None:
    other = Brightest()
    other.load_state(fitted.state())
    np.testing.assert_array_equal(other.predict_probabilities(FACES), fitted.predict_probabilities(FACES))
    assert other.num_parameters == fitted.num_parameters == 3


def test_state_lies_in_memory_as_it_is_written() -> None:
    class Turned(Brightest):
        def learn(self, faces: np.ndarray, labels: np.ndarray, *, seed: int, say: Say) -> Arrays:
            return {"turned": np.ones((2, 3)).T, **super().learn(faces, labels, seed=seed, say=say)}

    estimator = Turned()
    estimator.fit(FACES, LABELS, num_classes=6, seed=0)
    assert all(array.flags.c_contiguous for array in estimator.state().values())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"means": None}, "was not fitted yet"),
        ({"means": None, "other": np.zeros(3)}, "no array 'means'"),
        ({"classes": None}, "no array 'classes'"),
        ({"means": np.zeros(2, dtype=np.float32)}, "shape mismatch"),
        ({"size_hw": np.array([2])}, "not enough values"),
        ({"classes": np.array([0, 1, 9])}, "out of bounds"),
        ({"means": np.full(3, np.nan, dtype=np.float32)}, "its answers are no probabilities"),
    ],
)
def test_load_state_refuses_what_does_not_fit(fitted: Brightest, change: dict, message: str) -> None:
    state = {name: array for name, array in (fitted.state() | change).items() if array is not None}
    with pytest.raises(ValueError, match=f"not the arrays of this Brightest: .*{message}"):
        fitted.load_state(state)
    with pytest.raises(ValueError, match="was not fitted yet"):
        fitted.predict_probabilities(FACES)


def test_log_probabilities_are_averaged_over_views(fitted: Brightest) -> None:
    lopsided = np.array([[[10, 90, 200], [20, 80, 210]]], dtype=np.uint8)
    plain, flipped = fitted.predict_probabilities(lopsided), fitted.predict_probabilities(lopsided[:, :, ::-1])
    assert not np.allclose(plain, flipped)
    both = compute_log_probabilities(fitted, lopsided, views=("flip", "plain"))
    known = [1, 2, 4]
    np.testing.assert_allclose(both[:, known], (np.log(plain[:, known]) + np.log(flipped[:, known])) / 2, rtol=1e-5)
    np.testing.assert_allclose(np.exp(compute_log_probabilities(fitted, lopsided)), plain, atol=1e-7)
    assert np.isfinite(both).all()
    assert both.dtype == np.float32


def test_log_probabilities_refuse_an_unknown_view(fitted: Brightest) -> None:
    with pytest.raises(ModelFileError, match="unknown view 'mirror'; expected plain or flip"):
        compute_log_probabilities(fitted, FACES, views=("mirror",))


def test_a_taken_name_is_refused() -> None:
    ESTIMATORS.names()
    card = EstimatorCard(source="none", input_size=(1, 2, 3), packages=())
    with pytest.raises(MienError, match="estimator 'hog_lbp_svm' is registered twice"):
        register_estimator("hog_lbp_svm", card=card)(Brightest)
