"""The zoo as rows and as the document under ``docs/``."""

import pytest

from mien.app.catalogue import card_rows, catalogue_markdown, layer_rows, network_rows, option_rows
from mien.models.catalogue import NetworkFacts, find_facts


@pytest.fixture(scope="module")
def facts() -> NetworkFacts:
    return find_facts("cnn_lstm")


def test_network_rows_name_cost_and_what_ships(facts: NetworkFacts) -> None:
    header, row = network_rows([facts], ships_as={"cnn_lstm": ("a", "b")})
    assert header == ["network", "study", "parameters", "GFLOPs", "input", "ships as"]
    assert row == ["cnn_lstm", "cnn_lstm", "457,031", "0.172", "1x48x48", "a, b"]


def test_network_rows_measure_only_when_asked(facts: NetworkFacts) -> None:
    header, row = network_rows([facts], ships_as={}, latency_ms=lambda name: 3.14159 if name == "cnn_lstm" else 0)
    assert (header[4], row[4]) == ("ms, one core", "3.14")


def test_card_rows_hold_the_card(facts: NetworkFacts) -> None:
    rows = dict(card_rows(facts, latency_ms=2.5))
    assert rows["parameters"] == "457,031 with 7 classes"
    assert rows["latency"] == "2.50 ms a picture, one core, torch, float32"
    assert rows["source"] == facts.card.source
    assert rows["ships as"] == "-"


def test_layer_rows_go_as_deep_as_asked(facts: NetworkFacts) -> None:
    header, *rows = layer_rows(facts.summary, depth=1)
    assert header == ["layer", "kind", "output", "parameters", "GFLOPs"]
    assert rows == [
        ["features", "Sequential", "128x5x5", "261,632", "0.1626"],
        ["neck", "Sequential", "200", "193,992", "0.0090"],
        ["classifier", "Linear", "7", "1,407", ""],
    ]
    assert ["  0", "Conv2d 3x3", "32x46x46", "320", "0.0012"] in layer_rows(facts.summary)


def test_option_rows_name_defaults(facts: NetworkFacts) -> None:
    names = {row[0]: row[1] for row in option_rows(facts.options)}
    assert names["padding"] == "'same'"


def test_the_document_has_a_card_for_each_network(facts: NetworkFacts) -> None:
    text = catalogue_markdown([facts], ships_as={})
    assert "| [cnn_lstm](#cnn_lstm) |" in text
    assert "\n## cnn_lstm\n\n" in text
    assert "- parameters: 457,031 with 7 classes\n" in text
    assert "- ships as" not in text
    assert "``" not in text
