import base64
import sys

import pytest

from mien.errors import MissingExtraError
from mien.pages import data_address, import_jinja2, render_page

jinja2 = pytest.importorskip("jinja2")
TEMPLATE = (
    '{% extends "page.html.j2" %}{% block title %}{{ name }}{% endblock %}'
    "{% block content %}<p>{{ name | twice }}</p>{% endblock %}"
)


def test_a_page_is_framed_and_escapes_what_it_shows() -> None:
    page = render_page(TEMPLATE, filters={"twice": lambda text: 2 * text}, name="<b>")
    assert page.startswith("<!DOCTYPE html>")
    assert "<title>&lt;b&gt;</title>" in page
    assert "<p>&lt;b&gt;&lt;b&gt;</p>" in page


def test_what_a_template_lacks_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError, match="'name' is undefined"):
        render_page(TEMPLATE, filters={"twice": str})


def test_a_data_address_holds_the_file() -> None:
    head, data = data_address(b"\x00\xff", "image/png").split(",")
    assert (head, base64.b64decode(data)) == ("data:image/png;base64", b"\x00\xff")


def test_a_missing_jinja2_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingExtraError, match="'jinja2'"):
        import_jinja2()
