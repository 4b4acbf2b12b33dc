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
    run: Annotated[Path, typer.Argument(help="Run folder, or an ensemble's.")],
    *,
    split: Annotated[Split, typer.Option(help="validation chooses; test is judged, once, and leaves a record.")],
    views: Views = None,
    average: Annotated[Average, typer.Option(help="What of the views is averaged.")] = Average.LOGITS,
    ships_as: Annotated[str | None, typer.Option(help="Name under which the model is to ship.")] = None,
    reference: Annotated[
        Path | None, typer.Option(help="Record (.json) of another model on the same rows, to compare with.")
    ] = None,
    results: Annotated[Path, typer.Option(help="Folder of the records.")] = Path("results"),
    calibrator: Annotated[
        str, typer.Option(metavar="none|temperature|vector|isotonic", help="What makes probabilities of its logits.")
    ] = "temperature",
    bootstrap: Annotated[
        int | None,
        typer.Option(min=0, help="Draws behind the intervals on validation, 10000 if left out, 0 for none."),
    ] = None,
    pictures: Annotated[Path | None, typer.Option(help="Folder for the pictures of the figures.")] = None,
) -> None:
    """Print a run's figures on a split; opening the test split writes a sealed record.

    Probabilities are calibrated on the validation split; `mien calibrate` compares the ways to do so.
    """
    if split is Split.TEST and bootstrap is not None:
        raise typer.BadParameter("--bootstrap is for validation; a record always holds intervals from 10,000 draws")
    from mien.app.figures import print_figures, print_rows
    from mien.evaluation.calibration import set_rows
    from mien.evaluation.conformal import SetFigures
    from mien.evaluation.ensemble import open_model
    from mien.evaluation.judge import judge, predict_for_choice
    from mien.evaluation.pictures import draw_pictures
    from mien.evaluation.protocol import figures_for_choice
    from mien.evaluation.records import judged_predictions, read_record
    from mien.metrics.bootstrap import NUM_DRAWS

    run_folder = open_model(run)
    if split is Split.TEST:
        against = None if reference is None else read_record(reference)
        record = judge(
            run_folder,
            results_folder=results,
            views=split_views(views),
            average=average.value,
            ships_as=ships_as,
            reference=against,
            calibrator=calibrator,
        )
        figures, predictions = record.figures, judged_predictions(record)
    else:
        record = None
        predictions = predict_for_choice(
            run_folder, split.value, views=split_views(views), average=average.value, calibrator=calibrator
        )
        figures = figures_for_choice(predictions, num_draws=NUM_DRAWS if bootstrap is None else bootstrap)
    print_figures(figures, predictions)
    if record is not None:
        if record.content["sets"]:
            print("conformal sets, fitted on validation:")
            print_rows(set_rows([SetFigures(**each) for each in record.content["sets"]]))
        openings = record.content["openings_before"]
        print(f"record under protocol {record.protocol}: {record.file} (opened {openings} times before)")
    if pictures is not None:
        for picture in draw_pictures(predictions, pictures, figures=figures):
            print(f"picture: {picture}")
