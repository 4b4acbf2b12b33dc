"""What the report's page is made of: sections of parts, parts of words, tables, plots, faces, cards and commands.

Whoever adds a section makes these; the template knows how each of them looks.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from mien.pages import data_address


@dataclass(frozen=True)
class Words:
    """Paragraphs.

    Args:
        lines: One paragraph each.
        is_warning: Whether they must not be overlooked.
    """

    kind: ClassVar[str] = "words"
    lines: tuple[str, ...]
    is_warning: bool = False


@dataclass(frozen=True)
class Download:
    """A file inside the page.

    Args:
        file_name: Name that it is saved under.
        text: What it holds.
    """

    file_name: str
    text: str

    @property
    def address(self) -> str:
        """The file itself as a ``data:`` address."""
        return data_address(self.text.encode(), "text/csv;charset=utf-8")


@dataclass(frozen=True)
class Table:
    """A table and the same as CSV.

    Args:
        caption: What it shows.
        rows: Texts, the header first, all of one length; after a line end in a cell stands what is written smaller.
        download: Its numbers, unrounded.
        num_text_columns: So many columns at the left hold text, the others numbers; those of a table that is all text
            are folded.
    """

    kind: ClassVar[str] = "table"
    caption: str
    rows: Sequence[Sequence[str]]
    download: Download
    num_text_columns: int = 1

    @property
    def is_text(self) -> bool:
        """Whether no column holds numbers."""
        return self.num_text_columns >= len(self.rows[0])


@dataclass(frozen=True)
class Plot:
    """A plot.

    Args:
        address: The picture as a ``data:`` address.
        size_wh: Width and height in pixels of the page, where there is room.
        alt: What it shows, for whoever does not see it.
        caption: What stands below it.
        download: The numbers behind it, if no table has them.
    """

    address: str
    size_wh: tuple[int, int]
    alt: str
    caption: str
    download: Download | None = None


@dataclass(frozen=True)
class Plots:
    """Plots side by side where there is room.

    Args:
        plots: The plots.
    """

    kind: ClassVar[str] = "plots"
    plots: tuple[Plot, ...]


@dataclass(frozen=True)
class FaceTile:
    """A face beside its heat map.

    Args:
        address: Both as one picture, a ``data:`` address.
        alt: What it shows.
        words: Lines below it.
    """

    address: str
    alt: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Faces:
    """Faces with their heat maps.

    Args:
        title: What they have in common.
        tiles: The faces.
        download: The answers that they got, if no table has them.
    """

    kind: ClassVar[str] = "faces"
    title: str
    tiles: tuple[FaceTile, ...]
    download: Download | None = None


@dataclass(frozen=True)
class Headline:
    """An accuracy as a card tells it.

    Args:
        figure: The figure.
        beside: Its interval and rows.
        words: What it is good for.
    """

    figure: str
    beside: str
    words: str


@dataclass(frozen=True)
class Card:
    """What a person wants to know of a model first.

    Args:
        title: Name of the model.
        headlines: Its accuracies.
        warnings: What must not be overlooked.
        facts: Names and values.
    """

    title: str
    headlines: tuple[Headline, ...]
    warnings: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Cards:
    """Cards side by side where there is room.

    Args:
        cards: One a model.
    """

    kind: ClassVar[str] = "cards"
    cards: tuple[Card, ...]


@dataclass(frozen=True)
class Commands:
    """Lines for a terminal.

    Args:
        lines: One command each.
    """

    kind: ClassVar[str] = "commands"
    lines: tuple[str, ...]


Block = Words | Table | Plots | Faces | Cards | Commands


@dataclass(frozen=True)
class Part:
    """A part of a section.

    Args:
        title: Its heading; none where it is empty.
        blocks: What it shows.
    """

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Section:
    """A section of the page.

    Args:
        key: Its anchor, and what leaves it out.
        title: Its heading.
        parts: What it shows.
    """

    key: str
    title: str
    parts: tuple[Part, ...] = field(default=())


def to_csv(rows: Sequence[Sequence[object]]) -> str:
    r"""Return rows as CSV; floats are not rounded, and None and NaN are empty.

    Args:
        rows: The header first.

    Example:
        >>> to_csv([["name", "share"], ["a, b", 1 / 3], ["c", float("nan")]])
        'name,share\n"a, b",0.3333333333333333\nc,\n'
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows(["" if each is None or each != each else each for each in row] for row in rows)  # noqa: PLR0124
    return text.getvalue()


def table_part(title: str, rows: Sequence[Sequence[str]], *, caption: str, file_name: str) -> Part:
    """Return a part that is one table, for reports that are told as rows of text, such as `robustness_rows` gives.

    Args:
        title: Heading of the part, mostly a model's name.
        rows: The header first; the CSV holds the same texts.
        caption: What the table shows.
        file_name: Name of the CSV file.
    """
    return Part(title, (Table(caption, rows, Download(file_name, to_csv(rows))),))
