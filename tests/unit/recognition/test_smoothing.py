import math
from typing import Any

import numpy as np
import pytest

from mien.errors import MienError
from mien.recognition.smoothing import METHODS, Smoother, changes_per_minute, flicker_per_minute

SAD, HAPPY = np.array([0.9, 0.1]), np.array([0.1, 0.9])
ACTIVE = METHODS[1:]


def run(smoother: Smoother, rows: np.ndarray, times_s: np.ndarray, track_id: int = 1) -> np.ndarray:
    return np.stack([smoother.update(track_id, row, float(time)) for row, time in zip(rows, times_s, strict=True)])


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"method": "markow"}, MienError, "unknown smoothing 'markow'; did you mean 'markov'"),
        ({"half_life_s": 0.0}, ValueError, "half_life_s must be above 0 seconds, got 0.0"),
        ({"dwell_s": -1.0}, ValueError, "dwell_s must be above 0 seconds, got -1.0"),
        ({"evidence_s": math.nan}, ValueError, "evidence_s must be above 0 seconds, got nan"),
        ({"priors": np.array([0.5, 0.6])}, ValueError, r"priors must be 2 shares .* sum to 1, got \[0.5, 0.6\]"),
        ({"priors": np.array([1.0, 0.0])}, ValueError, "priors must be 2 shares above 0"),
        ({"priors": np.full(3, 1 / 3)}, ValueError, "priors must be 2 shares above 0"),
    ],
    ids=["method", "half-life", "dwell", "evidence", "sum of priors", "zero prior", "number of priors"],
)
def test_smoother_checks_its_arguments(settings: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Smoother(**settings, num_classes=2)


def test_update_checks_the_number_of_probabilities() -> None:
    with pytest.raises(ValueError, match=r"probabilities must have shape \(2,\), got \(3,\)"):
        Smoother(num_classes=2).update(1, np.full(3, 1 / 3), 0.0)


@pytest.mark.parametrize("method", METHODS)
def test_results_are_float32_and_sum_to_one(method: str) -> None:
    random = np.random.default_rng(0)
    rows = run(
        Smoother(method, num_classes=7), random.dirichlet(np.full(7, 0.1), 200), random.uniform(0, 1, 200).cumsum()
    )
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-6)
    assert (rows >= 0).all()


@pytest.mark.parametrize("method", METHODS)
def test_the_first_frame_is_left_as_it_is(method: str) -> None:
    smoother = Smoother(method, num_classes=2, priors=np.array([0.2, 0.8]))
    np.testing.assert_allclose(smoother.update(1, HAPPY, 5.0), HAPPY, rtol=1e-6)


def test_none_leaves_all_as_it_is_and_keeps_nothing() -> None:
    smoother = Smoother("none", num_classes=2)
    np.testing.assert_allclose(run(smoother, np.stack([SAD, HAPPY]), np.array([0.0, 0.01])), [SAD, HAPPY], rtol=1e-6)
    assert smoother._states == {}


def test_exponential_stays_where_nothing_changes() -> None:
    rows = run(Smoother(num_classes=2), np.tile(SAD, (20, 1)), np.arange(20) / 30)
    np.testing.assert_allclose(rows, np.tile(SAD, (20, 1)), rtol=1e-5)


def test_markov_keeps_the_expression_where_nothing_changes() -> None:
    rows = run(Smoother("markov", num_classes=2), np.tile([0.6, 0.4], (90, 1)), np.arange(90) / 30)
    assert (rows[:, 0] >= 0.6 - 1e-6).all()
    np.testing.assert_allclose(rows[-30:], np.tile(rows[-1], (30, 1)), atol=1e-3)


@pytest.mark.parametrize("fps", [5, 30, 90])
def test_exponential_is_half_through_after_its_half_life(fps: int) -> None:
    smoother = Smoother(num_classes=2, half_life_s=0.4)
    smoother.update(1, np.array([1.0, 0.0]), 0.0)
    for step in range(1, round(0.4 * fps) + 1):
        row = smoother.update(1, np.array([0.0, 1.0]), step / fps)
    np.testing.assert_allclose(row, [0.5, 0.5], atol=1e-6)


@pytest.mark.parametrize("method", ACTIVE)
def test_an_outlier_of_one_frame_does_not_change_the_label(method: str) -> None:
    values = np.tile(SAD, (21, 1))
    values[10] = HAPPY
    rows = run(Smoother(method, num_classes=2), values, np.arange(21) / 30)
    assert (rows.argmax(axis=1) == 0).all()


@pytest.mark.parametrize("method", ACTIVE)
def test_a_lasting_change_comes_through_within_half_a_second(method: str) -> None:
    values = np.concatenate([np.tile(SAD, (60, 1)), np.tile(HAPPY, (15, 1))])
    assert run(Smoother(method, num_classes=2), values, np.arange(75) / 30)[-1].argmax() == 1


@pytest.mark.parametrize("method", ACTIVE)
def test_after_a_long_gap_the_network_is_believed(method: str) -> None:
    smoother = Smoother(method, num_classes=2, priors=np.array([0.3, 0.7]))
    smoother.update(1, SAD, 0.0)
    np.testing.assert_allclose(smoother.update(1, HAPPY, 100.0), HAPPY, atol=1e-6)


def test_markov_by_hand() -> None:
    # Kept: exp(-1 / (2 * 0.5)) = 1/e with equal priors. Expected: 0.9/e + 0.5 (1 - 1/e) for sad, the rest for happy.
    smoother = Smoother("markov", num_classes=2, dwell_s=2.0, evidence_s=1.0)
    smoother.update(1, SAD, 0.0)
    sad, happy = (value / math.e + 0.5 * (1 - 1 / math.e) for value in SAD)
    expected = np.array([sad * 0.3, happy * 0.7]) / (sad * 0.3 + happy * 0.7)
    np.testing.assert_allclose(smoother.update(1, np.array([0.3, 0.7]), 1.0), expected, rtol=1e-6)


def test_markov_divides_by_the_priors() -> None:
    # Kept: exp(-1 / (2 * (1 - 0.04 - 0.64))); a network that says the priors says nothing, and only the chain moves.
    priors = np.array([0.2, 0.8])
    smoother = Smoother("markov", num_classes=2, dwell_s=2.0, evidence_s=1.0, priors=priors)
    smoother.update(1, SAD, 0.0)
    kept = math.exp(-1 / 0.64)
    np.testing.assert_allclose(smoother.update(1, priors, 1.0), kept * SAD + (1 - kept) * priors, rtol=1e-6)


def test_markov_stays_for_the_dwell_time() -> None:
    # Drawn as the model says, an expression changes every dwell_s on the average: the filter's chain is that model.
    priors, random = np.array([0.2, 0.3, 0.5]), np.random.default_rng(0)
    smoother = Smoother("markov", num_classes=3, dwell_s=0.5, priors=priors)
    state, changes = 0, 0
    for _ in range(4000):
        smoother.update(1, np.eye(3)[state], 0.0)
        chances = smoother.update(1, priors, 0.02)  # no evidence: the chances of the next state
        smoother.forget([])
        new = int(random.choice(3, p=chances / chances.sum()))
        changes, state = changes + (new != state), new
    assert 4000 * 0.02 / changes == pytest.approx(0.5, rel=0.2)


@pytest.mark.parametrize("method", ACTIVE)
def test_the_frame_rate_does_not_matter(method: str) -> None:
    ends = []
    for fps in (30, 60, 120):
        times_s = np.arange(fps + 1) / fps
        values = np.where(times_s[:, None] <= 0.5, SAD, [0.3, 0.7])
        ends.append(run(Smoother(method, num_classes=2, evidence_s=0.2), values, times_s)[round(0.7 * fps)])
    np.testing.assert_allclose(ends[1:], ends[:-1], atol=0.04)


@pytest.mark.parametrize("method", ACTIVE)
def test_irregular_times_count_as_they_are(method: str) -> None:
    regular, irregular = (Smoother(method, num_classes=2, evidence_s=10.0) for _ in range(2))
    even, odd = np.linspace(0, 1, 101), np.unique([0, *np.random.default_rng(0).uniform(0, 1, 99), 1])
    rows = [
        run(smoother, np.where(times[:, None] == 0, SAD, HAPPY), times)[-1]
        for smoother, times in ((regular, even), (irregular, odd))
    ]
    np.testing.assert_allclose(rows[0], rows[1], atol=0.01)


@pytest.mark.parametrize("method", ACTIVE)
@pytest.mark.parametrize("time_s", [1.0, 0.5], ids=["same", "before"])
def test_time_that_does_not_pass_changes_nothing(method: str, time_s: float) -> None:
    smoother = Smoother(method, num_classes=2)
    smoother.update(1, SAD, 1.0)
    np.testing.assert_allclose(smoother.update(1, HAPPY, time_s), SAD, rtol=1e-6)
    assert smoother._states[1][0] == 1.0


def test_markov_survives_what_the_network_rules_out() -> None:
    smoother = Smoother("markov", num_classes=2)
    smoother.update(1, np.array([1.0, 0.0]), 0.0)
    assert np.isfinite(smoother.update(1, np.array([0.0, 1.0]), 1e-9)).all()


@pytest.mark.parametrize("method", ACTIVE)
def test_tracks_do_not_mix_and_ended_ones_are_forgotten(method: str) -> None:
    smoother = Smoother(method, num_classes=2)
    smoother.update(1, SAD, 0.0)
    np.testing.assert_allclose(smoother.update(2, HAPPY, 0.01), HAPPY, rtol=1e-6)
    smoother.forget([2])
    assert list(smoother._states) == [2]
    np.testing.assert_allclose(smoother.update(1, HAPPY, 0.02), HAPPY, rtol=1e-6)


@pytest.mark.parametrize("method", ACTIVE)
def test_flicker_falls_and_accuracy_rises_on_noisy_frames(method: str) -> None:
    random, times_s = np.random.default_rng(0), np.arange(1800) / 30
    labels = random.integers(0, 7, 30).repeat(60)  # two seconds each
    rows = random.dirichlet(np.full(7, 1.0), 1800) * 0.6 + 0.4 * np.eye(7)[labels] * random.uniform(0, 1, (1800, 1))
    rows /= rows.sum(axis=1, keepdims=True)
    smoothed = run(Smoother(method, num_classes=7), rows, times_s).argmax(axis=1)
    raw = rows.argmax(axis=1)
    assert flicker_per_minute(smoothed.tolist(), times_s.tolist()) < 0.3 * flicker_per_minute(
        raw.tolist(), times_s.tolist()
    )
    assert (smoothed == labels).mean() > (raw == labels).mean() + 0.1


@pytest.mark.parametrize(
    ("labels", "times_s", "expected"),
    [
        (["a", "b", "a"], [0.0, 1.0, 2.0], 60.0),
        (["a", "a", "b", "b"], [10.0, 10.5, 11.0, 40.0], 2.0),
        (["a", "a"], [0.0, 5.0], 0.0),
        (["a", "b"], [3.0, 3.0], 0.0),
        (["a"], [3.0], 0.0),
        ([], [], 0.0),
    ],
    ids=["each", "uneven", "steady", "no time", "one", "none"],
)
def test_flicker_per_minute_by_hand(labels: list[str], times_s: list[float], expected: float) -> None:
    assert flicker_per_minute(labels, times_s) == pytest.approx(expected)


def test_flicker_per_minute_needs_a_time_for_each_label() -> None:
    with pytest.raises(ValueError, match="every label needs a time, got 2 labels and 1 times"):
        flicker_per_minute(["a", "b"], [0.0])


def test_changes_per_minute_by_hand() -> None:
    assert changes_per_minute(3, 30) == 6
    assert changes_per_minute(3, 0) == 0
