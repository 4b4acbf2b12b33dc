import json
from typing import Any

import numpy as np
import pytest

from mien.errors import ModelFileError
from mien.recognition.conformal import SET_METHODS, ConformalSets, score_classes, sets_from_contract

PROBABILITIES = np.array([[0.1, 0.6, 0.3], [0.34, 0.33, 0.33], [0.0, 0.05, 0.95]])


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("lac", [[0.9, 0.4, 0.7], [0.66, 0.67, 0.67], [1.0, 0.95, 0.05]]),
        ("aps", [[1.0, 0.6, 0.9], [0.34, 0.67, 1.0], [1.0, 1.0, 0.95]]),
    ],
)
def test_score_classes_by_hand(method: str, expected: list[list[float]]) -> None:
    np.testing.assert_allclose(score_classes(PROBABILITIES, method=method), expected, atol=1e-12)


def test_scores_never_leave_0_to_1_by_rounding() -> None:
    rows = np.random.default_rng(0).dirichlet(np.full(7, 0.3), 500).astype(np.float32)
    assert score_classes(rows, method="aps").max() <= 1


@pytest.mark.parametrize(
    ("method", "quantile", "expected"),
    [
        ("lac", 0.68, [(1,), (0, 1, 2), (2,)]),
        ("lac", 0.5, [(1,), (), (2,)]),
        ("aps", 0.9, [(1, 2), (0, 1), (2,)]),
        ("aps", 0.2, [(1,), (0,), (2,)]),
        ("lac", 1.0, [(1, 2, 0), (0, 1, 2), (2, 1, 0)]),
        ("aps", 1.0, [(1, 2, 0), (0, 1, 2), (2, 1, 0)]),
    ],
    ids=["lac", "lac, one empty", "aps", "aps, never empty", "lac, all", "aps, all"],
)
def test_sets_by_hand(method: str, quantile: float, expected: list[tuple[int, ...]]) -> None:
    sets = ConformalSets(method, 0.9, quantile)
    assert [sets.names(row, ("0", "1", "2")) for row in PROBABILITIES] == [tuple(map(str, each)) for each in expected]
    members = sets.select(PROBABILITIES)
    assert [set(np.flatnonzero(row)) for row in members] == [set(each) for each in expected]


@pytest.mark.parametrize("method", SET_METHODS)
def test_a_larger_quantile_takes_nothing_out_of_a_set(method: str) -> None:
    rows = np.random.default_rng(1).dirichlet(np.full(7, 0.5), 200)
    smaller, larger = (ConformalSets(method, 0.9, quantile).select(rows) for quantile in (0.6, 0.8))
    assert (larger | ~smaller).all()
    assert (larger & ~smaller).any()


def test_sets_come_back_from_a_contract() -> None:
    sets = ConformalSets("aps", 0.9, 0.75)
    assert sets_from_contract(json.loads(json.dumps(sets.to_dict()))) == sets
    assert sets_from_contract({}) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "raps"}, "unknown score of conformal sets 'raps'; expected lac or aps"),
        ({"method": ["aps"]}, r"unknown score of conformal sets \['aps'\]"),
        ({"coverage": 1}, "coverage of conformal sets must lie between 0 and 1, got 1"),
        ({"coverage": "much"}, "coverage of conformal sets must lie between 0 and 1, got 'much'"),
        ({"quantile": 1.5}, "quantile of a set's scores must be from 0 to 1, got 1.5"),
        ({"quantile": None}, "quantile of a set's scores must be from 0 to 1, got None"),
        ({"quantil": 0.5}, "conformal has method, coverage, quantile, quantil; expected method, coverage, quantile"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_sets_from_contract_refuses(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelFileError, match=message):
        sets_from_contract({**ConformalSets("aps", 0.9, 0.75).to_dict(), **changes})
