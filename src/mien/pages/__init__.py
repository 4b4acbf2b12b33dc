"""Pages that need nothing beside them: one frame and one style for the audit's page and the report of models."""

import base64
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from mien.errors import MissingExtraError

_FRAME = "page.html.j2"


def render_page(template: str, *, filters: dict[str, Callable[..., Any]] | None = None, **content: Any) -> str:
    """Return a page as HTML; whatever text its content holds is escaped.

    Args:
        template: A Jinja2 template that extends ``page.html.j2`` with its blocks ``title``, ``style`` and ``content``.
        filters: Further filters of the template.
        content: What it shows.

    Raises:
        MissingExtraError: If Jinja2 is not installed.
    """
    jinja2 = import_jinja2()
    environment = jinja2.Environment(
        loader=jinja2.DictLoader({_FRAME: files(__package__).joinpath(_FRAME).read_text(encoding="utf-8")}),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= filters or {}
    page: str = environment.from_string(template).render(**content)
    return page


def data_address(data: bytes, media_type: str) -> str:
    """Return a ``data:`` address that holds a file itself.

    Args:
        data: The file.
        media_type: What it is.

    Example:
        >>> data_address(b"a,b", "text/csv")
        'data:text/csv;base64,YSxi'
    """
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def import_jinja2() -> Any:
    """Return the package Jinja2.

    Raises:
        MissingExtraError: If it is not installed.
    """
    try:
        import jinja2
    except ImportError as error:
        raise MissingExtraError("jinja2", extra="train") from error
    return jinja2
