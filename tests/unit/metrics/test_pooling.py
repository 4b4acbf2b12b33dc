import numpy as np
import pytest

from mien.errors import DataError
from mien.metrics.figures import compute_figures
from mien.metrics.pooling import pool_predictions


def test_pool_predictions_has_all_rows_once(make_predictions):
    whole = make_predictions(40)
    is_first = np.arange(40) < 15
    parts = [whole.select(is_first), whole.select(~is_first)]
    pooled = pool_predictions(parts, model="both")
    assert pooled.row_ids.tolist() == whole.row_ids.tolist()
    assert compute_figures(pooled).all_rows == compute_figures(whole).all_rows
    weighted = sum(len(part) * compute_figures(part).all_rows.accuracy for part in parts) / 40
    assert compute_figures(pooled).all_rows.accuracy == pytest.approx(weighted)
    assert (pooled.model, pooled.data_set, pooled.views) == ("both", "fer2013", ("plain", "flip"))


def test_pool_predictions_is_as_doubtful_as_any_part(make_predictions):
    def other(**changes):
        return make_predictions(2, row_ids=np.array(["a", "b"]), **changes)

    assert not pool_predictions([make_predictions(), other()], model="both").is_leaky
    assert pool_predictions([make_predictions(), other(is_leaky=True)], model="both").is_leaky
    assert not pool_predictions([make_predictions(), other(is_float32=False)], model="both").is_float32
    assert pool_predictions([make_predictions(), other(is_selection=True)], model="both").is_selection


def test_pool_predictions_tells_which_weights_answered(make_predictions):
    other = make_predictions(2, row_ids=np.array(["a", "b"]), weights_fingerprint="weights-2")
    one, both = (pool_predictions(parts, model="x") for parts in ([make_predictions()], [make_predictions(), other]))
    assert one.weights_fingerprint != both.weights_fingerprint
    assert one.weights_fingerprint == pool_predictions([make_predictions()], model="y").weights_fingerprint


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "40 different row ids for 80 rows; expected one each"),
        ({"expressions": ("angry", "happy", "fear")}, "predictions to pool differ: expressions of 'compact' is"),
        ({"data_set": "ferplus"}, "data_set of 'compact' is ferplus; expected fer2013"),
        ({"views": ("plain",)}, "views of 'compact' is"),
        ({"forerunners": ({"source": "a"},)}, "forerunners of 'compact' is"),
    ],
    ids=["row twice", "classes", "data set", "views", "forerunners"],
)
def test_pool_predictions_refuses(make_predictions, changes, message):
    with pytest.raises(DataError, match=message):
        pool_predictions([make_predictions(), make_predictions(**changes)], model="both")


def test_pool_predictions_refuses_nothing():
    with pytest.raises(DataError, match="no predictions of 'both' to pool"):
        pool_predictions([], model="both")
