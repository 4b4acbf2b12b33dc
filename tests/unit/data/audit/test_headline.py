from dataclasses import replace

from mien.data import FaceSet
from mien.data.audit import Findings, audit
from mien.data.audit.headline import KeyFigure, key_figures
from mien.data.audit.key_figures import count_findings
from tests.unit.data.audit.scenes import make_scenes, make_set

Audited = tuple[FaceSet, Findings]


def lines_of(findings: Findings) -> list[str]:
    return [figure.to_line() for figure in key_figures(count_findings(findings))]


def test_every_kind_of_finding_has_its_line(audited: Audited) -> None:
    lines = lines_of(audited[1])
    for line in (
        "unreadable pictures: 0",
        "redundant copies of identical pictures: 2",
        "pictures whose copies have different labels: 1",
        "test rows identical to one of training: 1",
        "test rows nearly identical to one of training: 1",
        "training rows with a nearly identical picture in another split: 1",
        "black pictures: 1",
        "outliers by brightness, too high: 1",
        "pictures in which haar finds a face: 27",
        "rows with at least 5 votes for no face: 3",
        "rows whose votes say another expression: 1",
        "rows of people who are seen in several splits: 2",
    ):
        assert line in lines


def test_what_was_published_stands_beside(audited: Audited) -> None:
    lines = lines_of(replace(audited[1], data_set="fer2013"))
    assert "redundant copies of identical pictures: 2; published 1,853 (cnn_lstm)" in lines
    assert any(line.startswith("outliers by brightness, too high: 1; published 28 (cnn_lstm; mean") for line in lines)


def test_what_was_not_looked_for_is_not_said() -> None:
    lines = lines_of(audit(make_set(make_scenes(3)), least_similarity=None))
    assert not any("nearly identical" in line or "finds a face" in line or "votes" in line for line in lines)
    assert not any("test rows" in line for line in lines)


def test_large_figures_are_written_with_commas() -> None:
    assert KeyFigure("rows", 35_887, "1 (study)").to_line() == "rows: 35,887; published 1 (study)"
