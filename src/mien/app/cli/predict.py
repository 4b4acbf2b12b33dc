"""``mien predict``: what a run answers on a split, saved for others to learn from."""

from pathlib import Path
from typing import Annotated

import typer

from mien.app.cli import app
from mien.app.cli.evaluate import Split
from mien.app.prediction_arguments import Average, Precision, Views, split_views


@app.command()
def predict(
    run: Annotated[Path, typer.Argument(help="Run folder, or an ensemble's.")],
    *,
    split: Annotated[Split, typer.Option(help="training or validation; test is opened by evaluate alone.")],
    output: Annotated[Path, typer.Option(help="File to write (.npz).")],
    views: Views = None,
    average: Annotated[Average, typer.Option(help="What of the views is averaged.")] = Average.LOGITS,
    precision: Annotated[
        Precision, typer.Option(help="What a network computes in; bfloat16 is faster on many machines.")
    ] = Precision.FLOAT32,
) -> None:
    """Save a run's probabilities on a split, by row id; a recipe's distillation section names such files.

    They are as the network gives them, uncalibrated.
    """
    from mien.evaluation.ensemble import open_model
    from mien.evaluation.predict import predict_to_teach

    predictions = predict_to_teach(
        open_model(run), split.value, views=split_views(views), average=average.value, precision=precision.value
    )
    print(
        f"{predictions.save(output)}: {predictions.model} on {predictions.split} of {predictions.data_set}, "
        f"views: {', '.join(predictions.views)}; {len(predictions):,} rows"
    )
