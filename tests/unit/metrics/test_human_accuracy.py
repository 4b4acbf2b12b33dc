from mien.metrics.human_accuracy import human_accuracy


def test_human_accuracy_is_known_of_fer2013_alone():
    known = human_accuracy("fer2013")
    assert known is not None
    assert (known.accuracy, known.spread) == (0.65, 0.05)
    assert known.words == "65 ± 5 % (Goodfellow et al., Challenges in Representation Learning, 2013)"
    assert human_accuracy("fer2013-six") is None
