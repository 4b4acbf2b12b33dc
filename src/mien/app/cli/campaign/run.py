"""``mien campaign run``: train what a campaign lacks."""

import math
from pathlib import Path
from typing import Annotated

import typer

from mien.app.cli.campaign import campaign_app


@campaign_app.command()
def run(
    campaign: Annotated[Path, typer.Argument(help="Campaign, a TOML file, such as campaigns/cleaning.toml.")],
    *,
    runs: Annotated[Path, typer.Option(help="Folder of all runs; finished ones are not trained again.")] = Path("runs"),
    results: Annotated[
        Path, typer.Option(help="Folder of the results; campaigns/NAME.csv gets a row for each run.")
    ] = Path("results"),
    budget: Annotated[
        float, typer.Option(min=0, help="Begin no further run after so many minutes; inf: no limit.")
    ] = math.inf,
) -> None:
    """Train a campaign's variants of a recipe with each of its seeds, and compare all with the first variant.

    Only runs without figures are trained. Figures are of the validation split, and kept as soon as a run ends; stopped,
    a campaign goes on where it was. mien campaign show prints them without training.
    """
    from mien.app.figures import print_rows
    from mien.studies.campaign import read_campaign
    from mien.studies.campaign_tables import campaign_rows
    from mien.studies.run_campaign import run_campaign

    chosen = read_campaign(campaign)
    kept = run_campaign(chosen, runs_folder=runs, results_folder=results, budget_minutes=budget, say=print)
    print_rows(campaign_rows(chosen, kept))
