"""``mien predict``: what a run answers on a split, saved for others to learn from."""

from pathlib import Path
from typing import Annotated

import typer

from mien.app.cli import app
from mien.app.cli.evaluate import Split


@app.command()
def predict(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    *,
    split: Annotated[Split, typer.Option(help="training or validation; test is opened by evaluate alone.")],
    output: Annotated[Path, typer.Option(help="File to write (.npz).")],
    views: Annotated[str | None, typer.Option(help="Views to average, 'plain' or 'plain,flip'; the recipe's.")] = None,
) -> None:
    """Save a run's probabilities on a split, by row id; a recipe's distillation section names such files.

    They are as the network gives them, in float32, without a temperature.
    """
    from mien.evaluation.predict import predict_to_teach
    from mien.training import RunFolder

    predictions = predict_to_teach(RunFolder.open(run), split.value, views=None if views is None else views.split(","))
    print(
        f"{predictions.save(output)}: {predictions.model} on {predictions.split} of {predictions.data_set}, "
        f"views: {', '.join(predictions.views)}; {len(predictions):,} rows"
    )
