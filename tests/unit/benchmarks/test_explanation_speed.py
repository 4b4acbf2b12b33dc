from mien.benchmarks.explanation_speed import measure_explanation


def test_a_sheet_is_measured_by_a_quick_method_and_a_slow_one() -> None:
    measurements = measure_explanation(num_faces=3, width=2)
    assert [each.name for each in measurements] == ["sheet of 3 faces by grad_cam", "sheet of 3 faces by occlusion"]
    for each in measurements:
        assert each.bound == 10
        assert each.value is not None
        assert 0 < each.value < 10
