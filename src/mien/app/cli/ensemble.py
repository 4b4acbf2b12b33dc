"""``mien ensemble``: several runs become one model."""

from pathlib import Path
from typing import Annotated

import typer

from mien.app.cli import app
from mien.app.prediction_arguments import Average, Views, split_views


@app.command()
def ensemble(
    runs: Annotated[list[Path], typer.Argument(help="Run folders, two or more; the data of the first are judged on.")],
    *,
    method: Annotated[
        str, typer.Option(help="equal, weighted (by accuracy), likelihood, hinge, greedy, stacked, or tree.")
    ] = "greedy",
    average: Annotated[
        Average, typer.Option(help="What means of members are taken of; nothing to stacked and tree.")
    ] = Average.PROBABILITIES,
    start_with: Annotated[int, typer.Option(min=0, help="For greedy, how many of the best runs it begins with.")] = 0,
    views: Views = None,
    name: Annotated[str | None, typer.Option(help="What it is called; method and size if left out.")] = None,
    ensembles: Annotated[Path, typer.Option(help="Folder of all ensembles.")] = Path("ensembles"),
) -> None:
    """Choose an ensemble of runs on the validation split, and print what each adds and what all gain.

    The gain is measured by choosing on one half of validation and judging on the other, both ways; no test split is
    opened. mien evaluate, export and predict take the ensemble's folder as they take a run's.
    """
    from mien.app.figures import print_rows
    from mien.evaluation.ensemble import build_ensemble
    from mien.evaluation.ensemble.tables import ensemble_lines, member_rows
    from mien.training import RunFolder

    built = build_ensemble(
        [RunFolder.open(run) for run in runs],
        method=method,
        average=average.value,
        start_with=start_with,
        views=split_views(views),
        name=name,
        ensembles_folder=ensembles,
    )
    print_rows(member_rows(built.members))
    for line in ensemble_lines(built):
        print(line)
