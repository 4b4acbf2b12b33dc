import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mien.errors import MienError, MissingExtraError
from mien.evaluation.report import SECTIONS, measured, table_part, write_report
from mien.evaluation.report.blocks import Section
from mien.evaluation.report.page import check_sections, render_report
from mien.evaluation.robustness import measure_robustness
from tests.unit.evaluation.report.conftest import Judged, Page

FEW = {"num_draws": 20, "rows": 4, "num_faces": 2}


@pytest.fixture(scope="module")
def written(judged: Judged, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole page of two runs, an ensemble and a record; two corruptions alone are measured."""

    def measure(run, **options):
        return measure_robustness(run, corruptions=["blur", "darker"], **options)

    folder = tmp_path_factory.mktemp("page")
    models = [judged.one.folder, judged.two.folder, judged.ensemble, judged.record.file]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIEN_CACHE", str(folder / "cache"))
        patch.setattr(measured, "measure_robustness", measure)
        return write_report(models, folder / "new" / "report.html", results_folder=judged.results, **FEW)


def test_the_page_is_well_formed_and_needs_nothing_beside_it(written: Path) -> None:
    page = Page(written.read_text(encoding="utf-8"))
    assert page.open == []
    assert page.pictures
    assert all(each["src"].startswith("data:image/") for each in page.pictures)
    assert all(each["href"].startswith(("data:text/csv", "#")) for each in page.links)
    assert {each["href"][1:] for each in page.links if each["href"].startswith("#")} == set(page.ids)
    assert set(page.ids) == set(SECTIONS) - {"across"}  # no other data set was named
    assert not re.search(r"https?://|url\(|@import|<script|<link", page.text)


def test_every_picture_says_what_it_shows_and_every_download_has_a_name(written: Path) -> None:
    page = Page(written.read_text(encoding="utf-8"))
    assert all(len(each["alt"]) > 10 for each in page.pictures)
    downloads = [each["download"] for each in page.links if each["href"].startswith("data:")]
    assert all(re.fullmatch(r"[\w.+-]+\.csv", each) for each in downloads)
    assert {"figures.csv", "classes.csv", "facts.csv", "two-validation-mistakes.csv"} <= set(downloads)


def test_the_page_warns_of_faces_and_names_everybody(written: Path) -> None:
    told = Page(written.read_text(encoding="utf-8")).told
    for words in ("Report of one-1, two, both, 0001-one", "This page shows faces of the data set", "65 ± 5 %"):
        assert words in told


def test_without_pictures_no_face_is_on_the_page(judged: Judged, tmp_path: Path) -> None:
    kept = [name for name in SECTIONS if name not in ("explanation", "plots")]
    file = write_report([judged.two.folder], tmp_path / "a.html", without=kept, has_pictures=False, **FEW)
    page = Page(file.read_text(encoding="utf-8"))
    shapes = {(each["width"], each["height"]) for each in page.pictures}
    assert all(each["src"].startswith("data:image/png") for each in page.pictures)
    assert {width for width, _ in shapes} == {"640"}  # plots; faces state no size and are JPEG
    assert "No face appears on this page." in page.told
    assert "mistakes on validation" in page.told


def test_sections_are_left_out(judged: Judged, tmp_path: Path) -> None:
    without = [name for name in SECTIONS if name not in ("headline", "figures")]
    told = []
    file = write_report([judged.two.folder], tmp_path / "a.html", without=without, progress=told.append, **FEW)
    assert Page(file.read_text(encoding="utf-8")).ids == ["headline", "figures"]
    assert told == [0, 1]


def test_what_stands_at_the_place_is_replaced(judged: Judged, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text("old")
    without = [name for name in SECTIONS if name != "protocol"]
    assert write_report([judged.record.file], file, without=without, **FEW) == file
    assert file.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_names_cannot_break_the_page(make_contents, judged: Judged) -> None:
    contents = make_contents(judged.record.file)
    (model,) = contents.models
    evil = '<b>&"<script>alert(1)</script>'
    answered = tuple(replace(each, figures=replace(each.figures, model=evil)) for each in model.answered)
    contents = replace(contents, models=(replace(model, name=evil, answered=answered),))
    sections = [
        Section(name, SECTIONS[name].title, tuple(SECTIONS[name].make(contents)))
        for name in ("headline", "figures", "plots", "protocol")
    ]
    page = Page(render_report(contents, sections))
    assert page.open == []
    assert "<script" not in page.text
    assert "<b>" not in page.text
    assert page.told.count(evil) > 5
    assert any(evil in each["alt"] for each in page.pictures)


def test_a_section_of_rows_is_shown_like_any(make_contents, judged: Judged) -> None:
    rows = [["detector", "accuracy"], ["haar", "61.20 %"]]
    part = table_part("compact", rows, caption="Faces in scenes", file_name="scenes.csv")
    page = Page(render_report(make_contents(judged.record.file), [Section("scenes", "End to end", (part,))]))
    assert page.ids == ["scenes"]
    for words in ("End to end", "Faces in scenes", "haar", "61.20 %"):
        assert words in page.words


def test_sections_that_are_unknown_or_all_left_out_are_refused() -> None:
    with pytest.raises(MienError, match=r"unknown section 'robustnes'; did you mean 'robustness'\?.*headline, figures"):
        check_sections(["robustnes"])
    with pytest.raises(MienError, match="every section is left out"):
        check_sections(list(SECTIONS))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rows": 0}, "rows is 0; expected at least 1"),
        ({"num_faces": 0}, "num_faces is 0; expected at least 1"),
        ({"num_draws": 0}, "num_draws is 0; expected at least 1"),
    ],
)
def test_numbers_below_one_are_refused(tmp_path: Path, options: dict[str, int], message: str) -> None:
    with pytest.raises(MienError, match=message):
        write_report([tmp_path], tmp_path / "a.html", **options)


def test_a_place_that_cannot_be_written_is_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MienError, match="cannot be written"):
        write_report([tmp_path / "none"], tmp_path / "file" / "a.html")


@pytest.mark.parametrize("package", ["jinja2", "matplotlib.figure"])
def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(MissingExtraError, match=package.partition(".")[0]):
        write_report([tmp_path], tmp_path / "a.html")


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """A headless Chromium: playwright's own, or that of the system."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    own = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )
    with playwright.sync_playwright() as started:
        try:
            launched = started.chromium.launch(
                executable_path=os.environ.get("MIEN_BROWSER") or own, args=["--no-sandbox"]
            )
        except playwright.Error as error:
            pytest.skip(f"no Chromium is here (playwright install chromium, or MIEN_BROWSER): {error.message[:80]}")
        yield launched
        launched.close()


@pytest.mark.parametrize(("width", "medium"), [(1280, "screen"), (390, "screen"), (718, "print")])
def test_the_page_fits_a_browser(written: Path, browser, width: int, medium: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "request", lambda request: None if request.url.startswith(("file:", "data:")) else faults.append(request.url)
    )
    page.emulate_media(media=medium)
    page.goto(written.as_uri())
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    assert page.evaluate("[...document.images].every(each => each.complete && each.naturalWidth > 0)")
    assert faults == []
    if medium == "print":  # paper does not scroll
        clipped = "[...document.querySelectorAll('.scroll')].filter(each => each.scrollWidth > each.clientWidth + 1)"
        assert page.evaluate(f"{clipped}.map(each => each.ariaLabel)") == []
    page.close()
