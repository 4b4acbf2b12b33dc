"""``mien train``: a recipe becomes a run folder, or a folder of one's own faces a model."""

from pathlib import Path
from typing import Annotated

import typer

from mien.app.cli import app


@app.command()
def train(
    recipe: Annotated[Path | None, typer.Argument(help="Recipe, a TOML file, such as recipes/quick.toml.")] = None,
    changes: Annotated[
        list[str] | None,
        typer.Argument(metavar="KEY=VALUE", help="Settings of the recipe to change, such as training.epochs=3."),
    ] = None,
    *,
    resume: Annotated[
        Path | None,
        typer.Option(help="Go on with this run folder; a recipe named beside it must be the run's own."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Learn this folder, one folder a class, in place of a recipe.")
    ] = None,
    start: Annotated[
        str | None,
        typer.Option("--from", help="With --data: shipped model or model file to begin with; compact if left out."),
    ] = None,
    crop: Annotated[
        str | None, typer.Option(help="With --data: detector that cuts faces out of the pictures, such as haar.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="With --data: model file to write; it lies in the run folder if left out.")
    ] = None,
    runs: Annotated[
        Path, typer.Option(help="Folder of all runs; each gets a folder NAME-1, NAME-2, ... in it.")
    ] = Path("runs"),
    results: Annotated[
        Path, typer.Option(help="With --data: folder of the record that judging on the test faces leaves.")
    ] = Path("results"),
    folds: Annotated[
        int | None,
        typer.Option(help="Cross-validate: deal so many folds, train a run without each, judge each on its fold."),
    ] = None,
    by_subject: Annotated[
        bool, typer.Option("--by-subject", help="With --folds: keep all pictures of a person in one fold.")
    ] = False,
) -> None:
    """Train a network or fit an estimator by a recipe, or learn a folder of one's own faces.

    A run becomes a folder RUNS/NAME-NUMBER with its weights, which mien evaluate judges and mien export makes a model
    file of. A run that stopped goes on with --resume; it loses at most one epoch, and an estimator is fitted anew.

    --data FOLDER --from compact rebuilds the shipped network, fine-tunes it on the folder's classes, judges it on
    faces that it never saw, and writes a model file that mien analyze --model takes.
    """
    if data is not None:
        if resume is not None:
            raise typer.BadParameter("--data begins a new run; leave out --resume, or name the run alone")
        if folds is not None or by_subject:
            raise typer.BadParameter("--data cuts its own splits; leave out --folds and --by-subject")
        settings = [*([str(recipe)] if recipe else []), *(changes or [])]
        _learn(data, settings, start=start or "compact", crop=crop or "", output=output, runs=runs, results=results)
        return
    if start or crop or output:
        raise typer.BadParameter("--from, --crop and --output say how --data is learned; name its folder too")
    if recipe is None and resume is None:
        raise typer.BadParameter("name a recipe, --resume RUN, or both")
    if by_subject and folds is None:
        raise typer.BadParameter("--by-subject says how --folds are dealt; name their number too")
    if folds is not None:
        if recipe is None or resume is not None:
            raise typer.BadParameter("--folds takes a recipe and goes on with its runs by itself; leave out --resume")
        dealt = [f"data.fold.folds={folds}", *(["data.fold.by_subject=true"] if by_subject else [])]
        _train_folds(recipe, [*(changes or ()), *dealt], runs=runs)
        return
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


def _learn(
    folder: Path, changes: list[str], *, start: str, crop: str, output: Path | None, runs: Path, results: Path
) -> None:
    from mien.app.figures import print_figures
    from mien.export.own_faces import learn_own_faces, plan_own_faces

    recipe = plan_own_faces(folder, start=start, crop=crop, changes=tuple(changes))
    learned = learn_own_faces(recipe, output=output, runs_folder=runs, results_folder=results, say=print)
    print_figures(learned.figures)
    file = learned.export.model_file.path
    print(f"{file}: {learned.export.num_bytes / 1e6:.2f} MB; use it with: mien analyze PICTURE --model {file}")


def _train_folds(recipe: Path, changes: list[str], *, runs: Path) -> None:
    from mien.app.figures import print_figures, print_rows
    from mien.studies.cross_validation import cross_validate
    from mien.training import read_recipe

    result = cross_validate(read_recipe(recipe, changes), runs_folder=runs, say=print)
    print_figures(result.figures)
    print_rows(result.fold_rows(), num_text_columns=0)
    print(result.spread_line)
