"""``mien report``: one HTML page that judges models side by side."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from mien.app.cli import app


@app.command()
def report(
    models: Annotated[
        list[Path],
        typer.Argument(metavar="RUN...", help="Run folders, ensembles' folders, records (.json); one or several."),
    ],
    *,
    output: Annotated[Path, typer.Option(help="File to write; one that stands there is replaced.")] = Path(
        "report.html"
    ),
    no_pictures: Annotated[
        bool, typer.Option("--no-pictures", help="Leave faces out of the page, so that it may be published.")
    ] = False,
    without: Annotated[
        list[str] | None,
        typer.Option(metavar="SECTION", help="Section to leave out, such as robustness. May be repeated."),
    ] = None,
    across: Annotated[
        list[str] | None,
        typer.Option(
            metavar="'DATASET [PATH] [OPTION=VALUE]...'", help="Another data set to judge on. May be repeated."
        ),
    ] = None,
    rows: Annotated[
        int, typer.Option(help="Faces to corrupt for robustness and to paste into scenes, spread over validation.")
    ] = 300,
    faces: Annotated[int, typer.Option(help="Mistakes of each model to show.")] = 20,
    results: Annotated[Path, typer.Option(help="Folder of the records.")] = Path("results"),
    bootstrap: Annotated[int, typer.Option(min=1, help="Draws behind the intervals.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of whatever is drawn.")] = 0,
) -> None:
    """Write a self-contained HTML page about one or several models: figures, plots, robustness, mistakes, protocol.

    Runs and ensembles stand for their answers on validation, and for their record on test where there is one; no test
    split is opened. The page shows real faces of the data set: mind whose they are before passing it on.
    """
    from mien.app.dataset_arguments import read_several
    from mien.app.terminal import ProgressLine
    from mien.evaluation.report import SECTIONS, write_report

    line = ProgressLine(len(SECTIONS), noun="sections")
    try:
        written = write_report(
            models,
            output,
            without=without or (),
            others=read_several([word for each in across or () for word in shlex.split(each)]),
            rows=rows,
            num_faces=faces,
            has_pictures=not no_pictures,
            results_folder=results,
            num_draws=bootstrap,
            seed=seed,
            progress=line.show,
        )
    finally:
        line.clear()
    print(f"report: {written} ({written.stat().st_size / 1e6:.1f} MB)")
