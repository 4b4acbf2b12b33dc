"""``mien campaign show``: what campaigns gave so far."""

from pathlib import Path
from typing import Annotated

import typer

from mien.app.cli.campaign import campaign_app


@campaign_app.command()
def show(
    campaigns: Annotated[list[Path], typer.Argument(help="Campaigns, TOML files.")],
    *,
    results: Annotated[Path, typer.Option(help="Folder of the results.")] = Path("results"),
    write: Annotated[Path | None, typer.Option(help="Write the tables into this Markdown file instead.")] = None,
) -> None:
    """Print the variants of campaigns with their figures on the validation split; nothing is trained."""
    from mien.app.figures import print_rows
    from mien.studies.campaign import read_campaign
    from mien.studies.campaign_results import current_results, read_results, results_file
    from mien.studies.campaign_tables import campaign_rows, campaigns_markdown
    from mien.writing import write_atomically

    read = [read_campaign(file) for file in campaigns]
    shown = [(each, current_results(each, read_results(results_file(results, each)))) for each in read]
    if write is not None:
        write_atomically(write, campaigns_markdown(shown))
        print(f"{write}: {len(shown)} campaigns written")
        return
    for campaign, kept in shown:
        print(f"{campaign.name}: {campaign.question}")
        print_rows(campaign_rows(campaign, kept))
