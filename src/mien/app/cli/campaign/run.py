"""``mien campaign run``: train what a campaign lacks."""

import math
from pathlib import Path
from typing import Annotated

import typer

from mien.app.cli.campaign import campaign_app


@campaign_app.command()
def run(
    campaign: Annotated[Path, typer.Argument(help="Campaign, a TOML file.")],
    *,
    runs: Annotated[Path, typer.Option(help="Folder of all runs.")] = Path("runs"),
    results: Annotated[Path, typer.Option(help="Folder of the results.")] = Path("results"),
    budget: Annotated[float, typer.Option(min=0, help="Begin no further run after so many minutes.")] = math.inf,
) -> None:
    """Train the variants of a campaign that have no figures yet, and compare all with the first.

    Each run's figures on the validation split are kept as soon as it ends; stopped, a campaign goes on where it was.
    """
    from mien.app.figures import print_rows
    from mien.studies.campaign import read_campaign
    from mien.studies.campaign_tables import campaign_rows
    from mien.studies.run_campaign import run_campaign

    chosen = read_campaign(campaign)
    kept = run_campaign(chosen, runs_folder=runs, results_folder=results, budget_minutes=budget, say=print)
    print_rows(campaign_rows(chosen, kept))
