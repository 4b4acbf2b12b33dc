from mien.data.audit.published import PUBLISHED, published


def test_published_gives_the_study_with_the_figure() -> None:
    known = published("fer2013", "redundant_copies")
    assert known is not None
    assert (known.value, known.study) == (1853, "cnn_lstm")


def test_nothing_is_published_of_a_set_of_ones_own() -> None:
    assert published("made", "redundant_copies") is None
    assert published("fer2013", "made up") is None


def test_every_published_figure_names_its_study() -> None:
    assert all(figure.study and figure.value for figures in PUBLISHED.values() for figure in figures.values())
