"""``mien search show``: what a search found so far."""

from pathlib import Path
from typing import Annotated

import typer

from mien.app.cli.search import search_app


@search_app.command()
def show(
    search: Annotated[Path, typer.Argument(help="Search, a TOML file.")],
    *,
    plots: Annotated[Path | None, typer.Option(help="Draw history, importance and front into this folder.")] = None,
    trial: Annotated[int | None, typer.Option(min=0, help="Trial to write; the best.")] = None,
    write_best: Annotated[Path | None, typer.Option(help="Write the best recipe, for training in full.")] = None,
    write_campaign: Annotated[
        Path | None, typer.Option(help="Write a campaign that compares it with the default, three seeds each.")
    ] = None,
    storage: Annotated[str, typer.Option(help="Journal file or database of the search.")] = "",
    runs: Annotated[Path, typer.Option(help="Folder of all runs.")] = Path("runs"),
) -> None:
    """Print the best trials of a search by their figures on the validation split; nothing is trained."""
    from mien.app.figures import print_rows
    from mien.studies.search import found
    from mien.studies.search.search import read_search
    from mien.studies.search.search_results import count_line, describe_result, find_best, search_rows, trial_results
    from mien.studies.search.storage import journal_file, open_study, quiet_optuna

    chosen = read_search(search)
    with quiet_optuna():
        study = open_study(chosen, storage or str(journal_file(runs, chosen)), must_exist=True)
        results = trial_results(study)
    print(f"{chosen.name}: {chosen.question}")
    print(count_line(results))
    print_rows(search_rows(results))
    for file, write in ((write_best, found.write_best), (write_campaign, found.write_campaign)):
        if file is not None:
            best = find_best(results, number=trial)
            write(file, chosen, best)
            print(f"{file}: {describe_result(best)}")
    if plots is not None:
        import matplotlib

        from mien.studies.search.plots import draw_plots

        matplotlib.use("agg")  # Optuna draws by pyplot, which would open a window's canvas
        print("\n".join(map(str, draw_plots(chosen, study, plots))))
