"""``mien calibrate``: which calibrator suits a run, and how large its conformal sets are."""

from pathlib import Path
from typing import Annotated

import typer

from mien.app.cli import app
from mien.app.prediction_arguments import Average, Views, split_views


@app.command()
def calibrate(
    run: Annotated[Path, typer.Argument(help="Run folder, or an ensemble's.")],
    *,
    views: Views = None,
    average: Annotated[Average, typer.Option(help="What of the views is averaged.")] = Average.LOGITS,
    calibrator: Annotated[
        str | None,
        typer.Option(
            metavar="none|temperature|vector|isotonic", help="Calibrator under the sets; that of the least log loss."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed by which rows are dealt into folds and halves.")] = 0,
) -> None:
    """Compare the calibrators of a run, and measure its conformal sets, on the validation split alone.

    Each row is calibrated by what was fitted on other rows: calibrators over five folds, sets over two halves.
    """
    from mien.app.figures import print_rows
    from mien.evaluation.calibration import measure_calibration, set_rows
    from mien.evaluation.ensemble import open_model

    report = measure_calibration(
        open_model(run), views=split_views(views), average=average.value, calibrator=calibrator, seed=seed
    )
    print_rows(report.calibrator_rows())
    print(f"least log loss: {report.best}")
    print(
        f"conformal sets on what the calibrator {report.calibrator} gives, halves of validation fitted on each other:"
    )
    print_rows(set_rows(report.sets))
