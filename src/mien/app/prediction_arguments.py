"""Arguments of the verbs that let a run answer."""

from enum import StrEnum
from typing import Annotated

import typer


class Average(StrEnum):
    """What of several views may be averaged."""

    LOGITS = "logits"
    PROBABILITIES = "probabilities"


class Precision(StrEnum):
    """What a network may compute in."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"


Views = Annotated[
    str | None,
    typer.Option(
        help="Views to average, with commas between: plain, flip, five_crop, ten_crop, rotate:10, 8*recipe, "
        "4*scale=0.1+shift=0.1; the recipe's if left out."
    ),
]
"""Test-time views; `split_views` takes them apart."""


def split_views(views: str | None) -> list[str] | None:
    """Return the names of views, or None for the recipe's."""
    return None if views is None else views.split(",")
