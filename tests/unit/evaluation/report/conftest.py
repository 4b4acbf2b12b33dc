import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

import pytest

from mien.evaluation.ensemble import build_ensemble
from mien.evaluation.judge import judge
from mien.evaluation.records import Record
from mien.evaluation.report.contents import Contents
from mien.evaluation.report.gathering import ReportedModel, gather_models
from mien.training import RunFolder

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")
_VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """What a page holds: its tags, all of them closed, pictures, links, anchors and texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.open: list[str] = []
        self.pictures: list[dict[str, str]] = []
        self.links: list[dict[str, str]] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        self.pictures += [facts] if tag == "img" else []
        self.links += [facts] if tag == "a" else []
        self.ids += [facts["id"]] if "id" in facts else []
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "title"):
            self.words.append(" ".join(data.split()))

    @property
    def told(self) -> str:
        """All texts, joined by spaces."""
        return " ".join(filter(None, self.words))


class Judged(NamedTuple):
    """Two runs, one of them with a record, and an ensemble of both."""

    one: RunFolder
    two: RunFolder
    ensemble: Path
    record: Record
    results: Path


@pytest.fixture(scope="session")
def judged(trained_members: Path, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    folder = tmp_path_factory.mktemp("judged")
    shutil.copytree(trained_members, folder / "runs")
    one, two = (RunFolder.open(folder / "runs" / f"{name}-1") for name in ("one", "two"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIEN_CACHE", str(folder / "cache"))
        record = judge(one, results_folder=folder / "results")
        built = build_ensemble([one, two], method="equal", name="both", ensembles_folder=folder / "ensembles")
    return Judged(one, two, built.ensemble.folder, record, folder / "results")


@pytest.fixture
def gather(judged: Judged) -> Callable[..., list[ReportedModel]]:
    """Gathers models with the records of `judged`, with few draws."""
    return lambda *places: gather_models(places, results_folder=judged.results, num_draws=20)


@pytest.fixture
def make_contents(gather: Callable[..., list[ReportedModel]], judged: Judged) -> Callable[..., Contents]:
    """Gives what makers of sections take, about some models."""

    def make(*places: Path, **changes: object) -> Contents:
        settings = {"others": (), "rows": 5, "num_faces": 2, "has_pictures": True, "num_draws": 20, "seed": 0}
        return Contents(tuple(gather(*places)), **{"results_folder": judged.results, **settings, **changes})

    return make
