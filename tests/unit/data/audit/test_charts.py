import sys
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from mien.data import FaceSet
from mien.data.audit import Findings, audit
from mien.data.audit.charts import draw_charts
from mien.data.audit.key_figures import count_findings
from mien.errors import MissingExtraError
from tests.unit.data.audit.scenes import make_scenes, make_set

pytest.importorskip("matplotlib")
Audited = tuple[FaceSet, Findings]


def texts_of(svg: str) -> list[str]:
    return [
        "".join(each.itertext()).strip() for each in ElementTree.fromstring(svg).iter() if each.tag.endswith("text")
    ]


@pytest.fixture(scope="module")
def charts(audited: Audited) -> dict[str, str]:
    return draw_charts(audited[1], count_findings(audited[1]))


def test_each_kind_of_finding_is_drawn(charts: dict[str, str]) -> None:
    assert list(charts) == ["classes", "copies", "near", "outliers", "faces", "votes"]
    for name, svg in charts.items():
        assert ElementTree.fromstring(svg).tag.endswith("svg"), name
        assert "<image" not in svg, name  # the matrix of votes is drawn from cells


def test_thresholds_and_how_many_lie_beyond_stand_on_the_box_plot(charts: dict[str, str], audited: Audited) -> None:
    findings = audited[1]
    texts = texts_of(charts["outliers"])
    for measure in ("brightness", "contrast"):
        assert any(text.startswith(f"{measure}:") for text in texts)
        for side, word in (("low", "below"), ("high", "above")):
            count = int((findings.outlier[measure] == side).sum())
            assert f"{count} {word} {getattr(findings.whiskers[measure], side):.1f}" in texts


def test_classes_and_splits_are_named(charts: dict[str, str]) -> None:
    texts = texts_of(charts["classes"])
    assert {"happy", "sad", "training", "validation", "test"} <= set(texts)


def test_published_copies_stand_beside_their_bars(audited: Audited) -> None:
    findings = replace(audited[1], data_set="fer2013", expressions=("fear", "sad"))
    texts = texts_of(draw_charts(findings, count_findings(findings))["copies"])
    assert "2 (published 155)" in texts
    assert "0 (published 301)" in texts


def test_charts_are_the_same_each_time(charts: dict[str, str], audited: Audited) -> None:
    assert draw_charts(audited[1], count_findings(audited[1])) == charts


def test_what_has_nothing_to_show_is_not_drawn() -> None:
    findings = audit(make_set(make_scenes(6)), least_similarity=None)
    assert list(draw_charts(findings, count_findings(findings))) == ["classes", "outliers"]


def test_a_set_of_one_brightness_is_drawn() -> None:
    findings = audit(make_set(np.full((4, 48, 48), 100, np.uint8)))
    assert "0 above 100.0" in texts_of(draw_charts(findings, count_findings(findings))["outliers"])


def test_an_empty_set_is_drawn() -> None:
    findings = audit(make_set(np.zeros((0, 48, 48), np.uint8)))
    assert list(draw_charts(findings, count_findings(findings))) == ["classes"]


def test_a_missing_matplotlib_is_named_with_its_extra(audited: Audited, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"'matplotlib'.*mien\[train\]"):
        draw_charts(audited[1], count_findings(audited[1]))
