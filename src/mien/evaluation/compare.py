"""Two models on the same rows: how far their figures differ, and how much of that chance alone would do."""

from dataclasses import dataclass
from pathlib import Path

from mien.evaluation.alignment import align_predictions
from mien.evaluation.protocol import find_kind
from mien.evaluation.records import judged_predictions, read_record
from mien.metrics.bootstrap import BOOTSTRAPPED, NUM_DRAWS, SEED, draw_figures, percentile_interval
from mien.metrics.intervals import McNemar, mcnemar_test
from mien.metrics.predictions import Predictions
from mien.metrics.row_figures import FEWEST_ROWS, Interval, compute_row_figures


@dataclass(frozen=True)
class Difference:
    """How far one figure of two models differs.

    Args:
        figure: Name of the figure, as in ``RowFigures``.
        first: The first model's figure.
        second: The second model's figure.
        interval: Lower and upper end of the 95 % percentile interval of the difference, paired by row.
    """

    figure: str
    first: float
    second: float
    interval: Interval

    @property
    def difference(self) -> float:
        """The first model's figure less the second's."""
        return self.first - self.second


@dataclass(frozen=True)
class RowComparison:
    """Two models on one set of rows.

    Args:
        num_rows: Number of rows.
        differences: One entry a figure; accuracy is the first.
        mcnemar: McNemar's test of the two accuracies.
    """

    num_rows: int
    differences: tuple[Difference, ...]
    mcnemar: McNemar

    @property
    def has_few_rows(self) -> bool:
        """Whether these are too few rows to say much."""
        return self.num_rows < FEWEST_ROWS


@dataclass(frozen=True)
class Comparison:
    """Two models on the same split.

    Args:
        first: Name of the first model.
        second: Name of the second.
        data_set: Name of the data set.
        split: Name of the split.
        kind: ``choice`` where one of the models was chosen on this split, else ``judgement``.
        is_leaky: Whether copies across splits were allowed for one of them.
        num_draws: How often the rows were drawn for the intervals.
        all_rows: On all rows.
        rows_without_copy: On the rows that neither model's training split holds a copy of; None if there are none.
    """

    first: str
    second: str
    data_set: str
    split: str
    kind: str
    is_leaky: bool
    num_draws: int
    all_rows: RowComparison
    rows_without_copy: RowComparison | None


def read_answers(source: Path) -> Predictions:
    """Return the answers that a record, a file of predictions, or a run folder stands for; none is computed on test.

    Args:
        source: A record (``.json``), predictions (``.npz``), or the folder of a run or an ensemble, whose calibrated
            answers on validation are taken.

    Raises:
        ProtocolError: If a record was altered or its predictions are missing, or a run was trained on validation.
        DataError: If the predictions are missing or damaged.
        RunFolderError: If it is neither, and no run folder.
    """
    if source.suffix == ".json":
        return judged_predictions(read_record(source))
    if source.suffix == ".npz":
        return Predictions.load(source)
    # Answering needs torch, which records and files do not.
    from mien.evaluation.ensemble import open_model
    from mien.evaluation.judge import predict_for_choice

    return predict_for_choice(open_model(source))


def compare(first: Predictions, second: Predictions, *, num_draws: int = NUM_DRAWS, seed: int = SEED) -> Comparison:
    """Return how far the figures of two models differ on the same rows.

    Each draw takes the same rows for both, so that rows which are hard for both do not widen the intervals.

    Args:
        first: What one model answered.
        second: What the other answered on the same rows, in any order of rows and classes.
        num_draws: How often to draw the rows.
        seed: Seed of the draws.

    Raises:
        ProtocolError: If the rows, classes or labels are not the same, or a model was trained on the split.
        DataError: If ``num_draws`` is below 1.
    """
    second = align_predictions(second, first)
    kinds = {
        find_kind(each.splits_seen, each.split, model=each.model, data_set=each.data_set) for each in (first, second)
    }
    has_no_copy = ~(first.has_copy_in_training | second.has_copy_in_training)
    without_copy = (first.select(has_no_copy), second.select(has_no_copy)) if has_no_copy.any() else None
    return Comparison(
        first=first.model,
        second=second.model,
        data_set=first.data_set,
        split=first.split,
        kind="choice" if "choice" in kinds else "judgement",
        is_leaky=first.is_leaky or second.is_leaky,
        num_draws=num_draws,
        all_rows=_compare_rows(first, second, num_draws=num_draws, seed=seed),
        rows_without_copy=without_copy and _compare_rows(*without_copy, num_draws=num_draws, seed=seed),
    )


def _compare_rows(first: Predictions, second: Predictions, *, num_draws: int, seed: int) -> RowComparison:
    figures = [compute_row_figures(each) for each in (first, second)]
    drawn = [draw_figures(each, num_draws=num_draws, seed=seed) for each in (first, second)]
    differences = tuple(
        Difference(
            figure=name,
            first=getattr(figures[0], name),
            second=getattr(figures[1], name),
            interval=percentile_interval(drawn[0][name] - drawn[1][name]),
        )
        for name in BOOTSTRAPPED
    )
    return RowComparison(len(first), differences, mcnemar_test(first.is_right, second.is_right))
