"""``mien cross-dataset``: a run judged on other data sets than its own."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mien.app.cli import app
from mien.app.dataset_arguments import DatasetArguments, OnUnreadable, read_several
from mien.app.prediction_arguments import Views, split_views

if TYPE_CHECKING:
    from mien.evaluation.cross_dataset import JudgedDataSet


class _Split(StrEnum):
    ALL_BUT_TEST = "all-but-test"
    TRAINING = "training"
    VALIDATION = "validation"
    TEST = "test"


@app.command("cross-dataset")
def cross_dataset(
    run: Annotated[Path, typer.Argument(help="Run folder, or an ensemble's.")],
    data_sets: DatasetArguments,
    *,
    split: Annotated[
        _Split, typer.Option(help="Whose faces; test is judged, once, and leaves a record.")
    ] = _Split.ALL_BUT_TEST,
    views: Views = None,
    steps: Annotated[
        str, typer.Option(help="Steps before those of the run, such as crop_face, where pictures are no faces yet.")
    ] = "",
    on_unreadable: Annotated[
        OnUnreadable, typer.Option(help="What happens to rows that cannot be read or have no face.")
    ] = OnUnreadable.REFUSE,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write every figure as CSV.")] = None,
    results: Annotated[Path, typer.Option(help="Folder of the records.")] = Path("results"),
) -> None:
    """Judge a run on other data sets, in the classes that both have.

    Classes without counterpart are left out and named. Faces are prepared as the run's own, and answers are calibrated
    on its own validation split. What the run or its forerunners have seen is refused.
    """
    from mien.app.figures import print_rows
    from mien.evaluation.cross_dataset import (
        cross_dataset_lines,
        cross_dataset_rows,
        judge_across,
        write_cross_dataset_csv,
    )
    from mien.evaluation.ensemble import open_model

    report = judge_across(
        open_model(run),
        read_several(data_sets),
        split=split.value,
        views=split_views(views),
        steps=steps,
        on_unreadable=on_unreadable.value,
        results_folder=results,
    )
    for each in report.judged:
        _print_judged(each)
    print_rows(cross_dataset_rows(report), num_text_columns=2)
    for line in cross_dataset_lines(report):
        print(line)
    if csv is not None:
        print(f"figures: {write_cross_dataset_csv(report, csv)}")


def _print_judged(judged: "JudgedDataSet") -> None:
    from mien.app.figures import print_rows
    from mien.evaluation.cross_dataset import judged_data_set_lines
    from mien.evaluation.tables import class_rows, confusion_rows

    for line in judged_data_set_lines(judged):
        print(line)
    print_rows(class_rows(judged.figures))
    print(f"confusion matrix: true classes of {judged.data_set} down, answers across")
    print_rows(confusion_rows(judged.figures))
    if judged.record is not None:
        openings = judged.record.content["openings_before"]
        print(f"record under protocol {judged.record.protocol}: {judged.record.file} (opened {openings} times before)")
