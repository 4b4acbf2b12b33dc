"""``mien search run``: train what a search lacks of its trials."""

import math
from pathlib import Path
from typing import Annotated

import typer

from mien.app.cli.search import search_app


@search_app.command()
def run(
    search: Annotated[Path, typer.Argument(help="Search, a TOML file.")],
    *,
    trials: Annotated[int | None, typer.Option(min=1, help="Trials to train in all; the search's own.")] = None,
    budget: Annotated[float, typer.Option(min=0, help="Begin no further trial after so many minutes.")] = math.inf,
    storage: Annotated[
        str, typer.Option(help="Journal file, or database such as sqlite:///searches.db; a journal among the runs.")
    ] = "",
    runs: Annotated[Path, typer.Option(help="Folder of all runs.")] = Path("runs"),
    results: Annotated[Path, typer.Option(help="Folder of the results.")] = Path("results"),
) -> None:
    """Train trials of a search, each with settings that its sampler draws, and print the best.

    All choosing is by the validation split. Stopped, a search goes on where it was; started several times at once,
    also on several machines, with one storage, it is shared.
    """
    from mien.app.figures import print_rows
    from mien.studies.search.run_search import run_search
    from mien.studies.search.search import read_search
    from mien.studies.search.search_results import count_line, search_rows

    chosen = read_search(search)
    if trials is not None:
        chosen = chosen.model_copy(update={"trials": trials})
    ended = run_search(
        chosen, storage=storage, runs_folder=runs, results_folder=results, budget_minutes=budget, say=print
    )
    print(count_line(ended))
    print_rows(search_rows(ended))
