"""``Figures``: everything that is said about a model on a split, for all rows and for those without a training copy.

Computed from ``Predictions`` alone; records, tables and pictures are made of them.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

from mien.errors import DataError
from mien.metrics.predictions import Predictions
from mien.metrics.row_figures import RowFigures, compute_row_figures

KINDS: tuple[str, ...] = ("plain", "choice", "judgement", "held_out")


@dataclass(frozen=True)
class Figures:
    """Everything that is said about one model on one split.

    Args:
        kind: ``choice`` (the model was chosen by these figures), ``judgement`` (it was not), ``held_out`` (each row
            was answered by the one of several runs that had not seen it), or ``plain``.
        model: Name of the model.
        data_set: Name of the data set.
        split: Name of the split.
        views: Test-time views whose answers were averaged.
        is_leaky: Whether copies across splits beyond the published ones were allowed.
        all_rows: Figures on all rows.
        rows_without_copy: Figures on the rows without a copy in the training split; None if every row has one.
        unknown_sources: What the model began with of which nobody knows what it has seen.
    """

    kind: str
    model: str
    data_set: str
    split: str
    views: tuple[str, ...]
    is_leaky: bool
    all_rows: RowFigures
    rows_without_copy: RowFigures | None
    unknown_sources: tuple[str, ...] = ()

    @property
    def expressions(self) -> tuple[str, ...]:
        """The class names in label order."""
        return tuple(each.expression for each in self.all_rows.per_class)

    def to_dict(self) -> dict[str, Any]:
        """Return the figures in plain types that JSON knows; a figure without cases is None."""
        result: dict[str, Any] = _plain(asdict(self))
        if not self.unknown_sources:  # which figures did not always have
            del result["unknown_sources"]
        return result

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "Figures":
        """Return the figures that `to_dict` gave; figures that an older mien did not compute are NaN or None.

        Args:
            content: What `to_dict` gave, also by way of JSON.

        Raises:
            DataError: If something is missing or of another type.
        """
        try:
            without_copy = content["rows_without_copy"]
            return cls(
                **{**content, "views": tuple(content["views"])}
                | {"unknown_sources": tuple(content.get("unknown_sources", ()))}
                | {"all_rows": RowFigures.from_dict(content["all_rows"])}
                | {"rows_without_copy": None if without_copy is None else RowFigures.from_dict(without_copy)}
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"these are not figures of mien: {type(error).__name__} {error}") from error


def compute_figures(predictions: Predictions, *, kind: str = "plain", num_draws: int = 0) -> Figures:
    """Return the figures of a model on a split.

    Nothing is asked about what the model has seen; `mien.evaluation.protocol` does that.

    Args:
        predictions: What the model answered.
        kind: One of ``plain``, ``choice``, ``judgement`` and ``held_out``.
        num_draws: Draws behind the bootstrap intervals, `NUM_DRAWS` in a record; with 0 there are none.

    Raises:
        DataError: If the kind is unknown, or the number of draws is below 0.
    """
    if kind not in KINDS:
        raise DataError(f"unknown kind of figures {kind!r}; expected {', '.join(KINDS)}")
    has_no_copy = ~predictions.has_copy_in_training
    return Figures(
        kind=kind,
        model=predictions.model,
        data_set=predictions.data_set,
        split=predictions.split,
        views=predictions.views,
        is_leaky=predictions.is_leaky,
        all_rows=compute_row_figures(predictions, num_draws=num_draws),
        rows_without_copy=(
            compute_row_figures(predictions.select(has_no_copy), num_draws=num_draws) if has_no_copy.any() else None
        ),
        unknown_sources=predictions.unknown_sources,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and math.isnan(value) else value
