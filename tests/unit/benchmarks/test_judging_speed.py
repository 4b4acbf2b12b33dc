from mien.benchmarks.judging_speed import measure_judging


def test_ten_crop_answers_and_their_figures_are_measured() -> None:
    answers, figures = measure_judging(num_faces=3, width=2, num_draws=10)
    assert (answers.name, answers.bound) == ("ten-crop answers on 3 faces, bfloat16", 15)
    assert (figures.name, figures.bound) == ("figures with 10 bootstrap draws", 3)
    for each in (answers, figures):
        assert each.unit == "s"
        assert each.value is not None
        assert each.value > 0
