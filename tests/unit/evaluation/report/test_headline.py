from dataclasses import replace

import numpy as np

from mien.evaluation.judge import choose
from mien.evaluation.predictors import load_predictor
from mien.evaluation.protocol import open_test_split
from mien.evaluation.report.blocks import Cards, Words
from mien.evaluation.report.headline import make_headline
from mien.evaluation.tables import percent


def _cards(contents):
    (part,) = make_headline(contents)
    cards, words = part.blocks
    assert isinstance(cards, Cards)
    assert isinstance(words, Words)
    return cards.cards, words.lines


def test_a_card_tells_accuracies_intervals_and_fingerprints(make_contents, judged) -> None:
    (one, two), lines = _cards(make_contents(judged.one.folder, judged.two.folder))
    rows = choose(judged.one).all_rows
    low, high = rows.accuracy_interval
    assert one.headlines[0].figure == percent(rows.accuracy)
    assert one.headlines[0].beside == f"{100 * low:.2f} to {100 * high:.2f}, 14 rows of validation"
    assert one.headlines[0].words == "The model was chosen by these figures; they do not judge it."
    assert "The model had not seen these rows." in [each.words for each in one.headlines]
    facts = dict(one.facts)
    assert facts["parameters"] == f"{load_predictor(judged.one).num_parameters:,}"
    assert facts["weights"] == judged.one.weights_fingerprint()[:16]
    assert facts["recipe"] == judged.one.facts["recipe_fingerprint"][:16]
    assert facts["data"] == judged.one.facts["data_fingerprint"][:16]
    assert facts["record"] == "0001-one"
    assert dict(two.facts)["record"] == "none: test was not opened for these weights"
    assert "Only 14 rows of validation: such figures say little." in one.warnings
    assert len(lines) == 1
    assert lines[0].startswith("People agree with the labels of fer2013 in 65 ± 5 %")


def test_leaks_unknown_sources_and_few_cases_are_warned_of(make_contents, make_predictions, tmp_path) -> None:
    source = {"source": "bare.safetensors", "data_set": "unknown"}
    labels = np.array([0] * 60 + [1] * 10 + [2] * 50)
    answers = make_predictions(
        120,
        labels=labels,
        is_leaky=True,
        forerunners=(source,),
        data_set="rafdb",
        has_copy_in_training=np.ones(120, bool),
    )
    record = open_test_split(answers, results_folder=tmp_path, recipe={})
    (card,), lines = _cards(make_contents(record.file))
    assert card.warnings == (
        "Leaky: copies across splits were allowed.",
        "It began with bare.safetensors, whose source is unknown.",
        "Fewer than 30 cases in test of happy (10): they say little.",
        "Every row of test has a copy in training.",
    )
    assert dict(card.facts)["parameters"] == "not recorded"
    assert lines == ()


def test_a_model_without_figures_has_a_card(make_contents, judged) -> None:
    contents = make_contents(judged.two.folder)
    silent = replace(contents, models=(replace(contents.models[0], answered=(), remarks=("seen",)),))
    (card,), _ = _cards(silent)
    assert (card.headlines, card.warnings, [name for name, _ in card.facts]) == ((), ("seen",), ["parameters"])
