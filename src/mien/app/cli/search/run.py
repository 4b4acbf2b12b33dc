"""``mien search run``: train what a search lacks of its trials."""

import math
from pathlib import Path
from typing import Annotated

import typer

from mien.app.cli.search import search_app


@search_app.command()
def run(
    search: Annotated[Path, typer.Argument(help="Search, a TOML file, such as searches/quick.toml.")],
    *,
    trials: Annotated[
        int | None,
        typer.Option(min=1, help="Trials to train in all, earlier ones included; the search's own number if left out."),
    ] = None,
    budget: Annotated[
        float, typer.Option(min=0, help="Begin no further trial after so many minutes; inf: no limit.")
    ] = math.inf,
    storage: Annotated[
        str,
        typer.Option(
            help="Where trials are remembered: a journal file, or a database such as sqlite:///searches.db. "
            "RUNS/searches/NAME/journal.log if left out."
        ),
    ] = "",
    runs: Annotated[Path, typer.Option(help="Folder of all runs; trials lie in searches/NAME.")] = Path("runs"),
    results: Annotated[
        Path, typer.Option(help="Folder of the results; searches/NAME.csv gets a row for each trial.")
    ] = Path("results"),
) -> None:
    """Train what a search lacks of its trials, each with settings that its sampler draws, and print the best.

    All choosing is by the validation split. Stopped, a search goes on where it was; started several times at once,
    also on several machines, with one storage, it is shared. mien search show draws plots of it and writes the best
    recipe.
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
