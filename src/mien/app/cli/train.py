"""``mien train``: a recipe becomes a run folder."""

from pathlib import Path
from typing import Annotated

import typer

from mien.app.cli import app


@app.command()
def train(
    recipe: Annotated[Path | None, typer.Argument(help="Recipe, a TOML file.")] = None,
    changes: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Changed settings, such as training.epochs=3.")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(help="Go on with this run folder; a recipe beside it must be the run's own.")
    ] = None,
    runs: Annotated[Path, typer.Option(help="Folder of all runs.")] = Path("runs"),
) -> None:
    """Train a network or fit an estimator by a recipe.

    A run that stopped goes on with --resume; it loses at most one epoch, and an estimator is fitted anew.
    """
    if recipe is None and resume is None:
        raise typer.BadParameter("name a recipe, --resume RUN, or both")
    from mien.training import read_recipe, resume_training
    from mien.training import train as train_by_recipe

    wanted = read_recipe(recipe, changes or ()) if recipe is not None else None
    if resume is not None:
        run = resume_training(resume, recipe=wanted)
    elif wanted is not None:
        run = train_by_recipe(wanted, runs_folder=runs)
    best = run.weights_facts()
    epoch = f"best epoch {int(best['epoch']) + 1}, " if "epoch" in best else ""
    print(f"{run.folder}: {epoch}validation accuracy {float(best['validation_accuracy']):.2%}")
