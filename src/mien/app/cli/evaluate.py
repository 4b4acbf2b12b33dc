"""``mien evaluate``: the figures of a run on a split."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mien.app.cli import app
from mien.app.prediction_arguments import Average, Views, split_views


class Split(StrEnum):
    """The splits a run may be asked about."""

    TRAINING = "training"
    VALIDATION = "validation"
    TEST = "test"


@app.command()
def evaluate(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    *,
    split: Annotated[Split, typer.Option(help="validation chooses; test is judged, once, and leaves a record.")],
    views: Views = None,
    average: Annotated[Average, typer.Option(help="What of the views is averaged.")] = Average.LOGITS,
    ships_as: Annotated[str | None, typer.Option(help="Name under which the model is to ship.")] = None,
    reference: Annotated[
        Path | None, typer.Option(help="Record (.json) of another model on the same rows, to compare with.")
    ] = None,
    results: Annotated[Path, typer.Option(help="Folder of the records.")] = Path("results"),
    pictures: Annotated[Path | None, typer.Option(help="Folder for confusion matrix and reliability diagram.")] = None,
) -> None:
    """Print a run's figures on a split; opening the test split writes a sealed record.

    Probabilities are calibrated by a temperature fitted on the validation split.
    """
    from mien.app.figures import print_figures
    from mien.evaluation.judge import choose, judge
    from mien.evaluation.pictures import draw_confusion_matrix, draw_reliability_diagram
    from mien.evaluation.records import read_record
    from mien.training import RunFolder

    run_folder = RunFolder.open(run)
    if split is Split.TEST:
        against = None if reference is None else read_record(reference)
        record = judge(
            run_folder,
            results_folder=results,
            views=split_views(views),
            average=average.value,
            ships_as=ships_as,
            reference=against,
        )
        figures = record.figures
    else:
        figures, record = choose(run_folder, split.value, views=split_views(views), average=average.value), None
    print_figures(figures)
    if record is not None:
        openings = record.content["openings_before"]
        print(f"record under protocol {record.protocol}: {record.file} (opened {openings} times before)")
    if pictures is not None:
        stem = f"{figures.model}-{figures.split}"
        print(f"picture: {draw_confusion_matrix(figures, pictures / f'{stem}-confusion.png')}")
        print(f"picture: {draw_reliability_diagram(figures, pictures / f'{stem}-reliability.png')}")
