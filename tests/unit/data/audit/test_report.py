import errno
import json
import os
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from mien.data import FaceSet
from mien.data.audit import Findings, audit
from mien.data.audit.report import check_packages, render_report, write_audit
from mien.errors import DataError, MienError, MissingExtraError
from tests.unit.data.audit.scenes import make_scenes, make_set, write_files

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")
Audited = tuple[FaceSet, Findings]
_VOID = {"meta", "img", "input", "br"}


class Page(HTMLParser):
    """What a page holds: its tags, all of them closed, and the cells of its tables."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.anchors: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        self.addresses += [str(facts[name]) for name in ("src", "href", "xlink:href") if name in facts]
        self.ids += [str(facts["id"])] if "id" in facts else []
        self.anchors += [str(facts["href"])] if tag == "a" else []
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_well_formed_and_needs_nothing_beside_it(audited: Audited) -> None:
    text = render_report(*audited)
    page = Page(text)
    assert page.open == []
    assert all(address.startswith(("data:image/png", "#")) for address in page.addresses)
    assert {anchor.removeprefix("#") for anchor in page.anchors} <= set(page.ids)
    assert "url(http" not in text
    assert "@import" not in text


def test_figures_rows_and_sheets_stand_on_it(audited: Audited) -> None:
    text = render_report(*audited)
    for part in (
        "Audit of made",
        "redundant copies of identical pictures",
        "Copies of one picture with different labels",
        "brightness above",
        "made.csv:29",
        'alt="made:28"',
        "voted no face, black",
    ):
        assert part in text


def test_without_pictures_none_of_them_is_on_it(audited: Audited) -> None:
    text = render_report(*audited, has_pictures=False)
    assert "data:image" not in text
    assert "<img" not in text
    assert "<svg" in text
    assert "Without pictures, so that it may be published." in text


def test_names_of_files_cannot_break_the_page(audited: Audited) -> None:
    face_set, findings = audited
    origins = np.array(["<script>alert('x')</script>"] * len(face_set))
    text = render_report(face_set, replace(findings, origins=origins))
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_the_reasons_of_unreadable_pictures_stand_on_it(tmp_path: Path) -> None:
    files = write_files(tmp_path, make_scenes(3))
    files.files[1].write_bytes(b"nothing")
    face_set = make_set(files)
    text = render_report(face_set, audit(face_set))
    assert "001.png: not a picture" in text
    for file in files.files:
        file.write_bytes(b"nothing")
    nothing = make_set(files)
    assert Page(render_report(nothing, audit(nothing))).open == []


def test_what_was_not_looked_for_is_said() -> None:
    face_set = make_set(make_scenes(3))
    text = render_report(face_set, audit(face_set, least_similarity=None))
    assert "They were not looked for." in text
    assert 'id="faces"' not in text
    assert 'id="votes"' not in text


def test_an_empty_set_has_a_report() -> None:
    face_set = make_set(np.zeros((0, 48, 48), np.uint8))
    assert Page(render_report(face_set, audit(face_set))).open == []


def test_a_report_of_another_set_is_refused(audited: Audited) -> None:
    with pytest.raises(DataError, match="do not belong to this made"):
        render_report(audited[0].select(np.arange(3)), audited[1])


def test_write_audit_writes_page_table_and_figures(audited: Audited, tmp_path: Path) -> None:
    page, table, figures = write_audit(tmp_path / "out", *audited)
    assert page.read_text() == render_report(*audited)
    Findings.load(table).check(audited[0])
    assert json.loads(figures.read_text())["identical"]["redundant"] == 2
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == [
        "audit.html",
        "audit.json",
        "findings.parquet",
    ]


@pytest.mark.parametrize("file", ["audit.html", "findings.parquet", "audit.json"])
def test_a_full_disk_leaves_all_three_old_files_and_what_the_user_keeps(
    audited: Audited, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    names = ["audit.html", "audit.json", "findings.parquet", "mine.txt"]
    for name in names:
        (tmp_path / name).write_text("old")
    write = Path.write_bytes

    def write_until_full(self: Path, data: bytes) -> int:
        if self.name != file:
            return write(self, data)
        write(self, data[:100])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))

    monkeypatch.setattr(Path, "write_bytes", write_until_full)
    with pytest.raises(MienError, match=rf"{file}: cannot be written: no space left on the device"):
        write_audit(tmp_path, *audited)
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == dict.fromkeys(names, "old")


@pytest.mark.parametrize(
    ("module", "package", "extra"),
    [("jinja2", "jinja2", "train"), ("matplotlib.figure", "matplotlib", "train"), ("pyarrow", "pyarrow", "tables")],
)
def test_missing_packages_are_named_before_the_work(
    module: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_packages()
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"'{package}'.*mien\[{extra}\]"):
        check_packages()


def test_a_report_without_jinja2_names_the_extra(audited: Audited, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingExtraError, match="'jinja2'"):
        render_report(*audited)
