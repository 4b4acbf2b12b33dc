import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from mien.errors import MienError
from mien.models import create_estimator
from mien.models.estimators.hog_lbp_forest import HogLbpForest, arrays_of_forest
from tests.conftest import make_patterns


@pytest.fixture
def forest() -> HogLbpForest:
    faces, labels = make_patterns(120)
    labels = np.where(np.random.default_rng(0).random(120) < 0.3, (labels + 1) % 3, labels)  # leaves that doubt
    estimator = create_estimator("hog_lbp_forest", trees=15)
    assert isinstance(estimator, HogLbpForest)
    estimator.fit(faces, labels, num_classes=3, seed=0)
    return estimator


@pytest.mark.parametrize("is_best_first", [False, True])
def test_answers_are_those_of_scikit_learns_forest_and_one_even_leaf(forest: HogLbpForest, is_best_first: bool) -> None:
    """A tree that is grown best leaf first numbers its nodes in another order."""
    faces, labels = make_patterns(120)
    features = forest.features(faces)
    options = {"max_leaf_nodes": 12} if is_best_first else {"min_samples_leaf": 4}
    theirs = RandomForestClassifier(15, random_state=1, **options).fit(features, labels)
    forest.learned = arrays_of_forest([tree.tree_ for tree in theirs.estimators_])
    forest.check()
    expected = (15 * theirs.predict_proba(features) + 1 / 3) / 16
    np.testing.assert_allclose(forest.predict_probabilities(faces), expected, atol=1e-6)


def test_thresholds_of_less_precision_send_no_feature_to_the_other_side() -> None:
    """Between two neighbouring float32 numbers a threshold lies in the middle, which rounds up as often as down."""
    start = np.float32(0.3)
    lower = [start]
    for _ in range(200):
        lower.append(np.nextafter(lower[-1], np.float32(1)))
    features = np.array(lower, dtype=np.float32)[:, None]
    labels = np.arange(201) % 2
    theirs = RandomForestClassifier(1, bootstrap=False, random_state=0).fit(features, labels)
    forest = HogLbpForest()
    forest.learned = arrays_of_forest([tree.tree_ for tree in theirs.estimators_])
    forest.features = lambda faces: features  # type: ignore[assignment]
    answers = forest.answer(np.zeros((201, 1, 1), dtype=np.uint8))
    assert (answers.argmax(axis=1) == theirs.predict(features)).all()
    np.testing.assert_allclose(answers, (theirs.predict_proba(features) + 0.5) / 2, atol=1e-6)


def test_depth_and_leaves_bound_the_trees() -> None:
    faces, labels = make_patterns(90)
    stump = create_estimator("hog_lbp_forest", trees=3, depth=1)
    stump.fit(faces, labels, num_classes=3, seed=0)
    assert len(stump.learned["features"]) == 9
    blind = create_estimator("hog_lbp_forest", trees=3, leaf_rows=90)
    blind.fit(faces, labels, num_classes=3, seed=0)
    assert len(blind.learned["features"]) == 3


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_any_share_of_the_features_may_be_chosen_from(share: float) -> None:
    faces, labels = make_patterns(30)
    create_estimator("hog_lbp_forest", trees=2, features_share=share).fit(faces, labels, num_classes=3, seed=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"trees": 0}, "trees is 0; expected at least 1"),
        ({"leaf_rows": 0}, "leaf_rows is 0; expected at least 1"),
        ({"depth": -1}, "depth is -1; expected at least 0"),
        ({"features_share": 1.5}, r"features_share is 1\.5; expected 0 to 1"),
        ({"cell_pixels": 0}, "cell_pixels is 0; expected at least 1"),
    ],
)
def test_options_out_of_range_are_refused(options: dict, message: str) -> None:
    with pytest.raises(MienError, match=f"model 'hog_lbp_forest': {message}"):
        create_estimator("hog_lbp_forest", **options)


@pytest.mark.parametrize(
    ("name", "is_leaf", "value", "message"),
    [
        ("lower", False, 0, "leads nowhere, or back to an earlier one"),
        ("upper", False, 10**6, "leads nowhere, or back to an earlier one"),
        ("lower", True, -1, "a leaf of a tree has no shares"),
        ("lower", True, 10**6, "a leaf of a tree has no shares"),
    ],
)
def test_nodes_that_lead_astray_are_refused(
    forest: HogLbpForest, name: str, is_leaf: bool, value: int, message: str
) -> None:
    state = {key: array.copy() for key, array in forest.state().items()}
    rows = np.flatnonzero((state["features"] == -1) == is_leaf)
    state[name][rows[-1]] = value
    with pytest.raises(ValueError, match=f"not the arrays of this HogLbpForest: .*{message}"):
        forest.load_state(state)
