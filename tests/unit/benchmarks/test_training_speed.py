from mien.benchmarks.training_speed import measure_training


def test_both_networks_are_measured_against_their_bare_step() -> None:
    measurements = measure_training(steps=1, rounds=1)
    assert [measurement.bound for measurement in measurements] == [600, 80, 450, 80]
    assert all(measurement.value > 0 and not measurement.is_upper for measurement in measurements)
