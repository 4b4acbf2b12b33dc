"""``mien robustness``: what a run answers on corrupted faces."""

from pathlib import Path
from typing import Annotated

import typer

from mien.app.cli import app
from mien.app.cli.evaluate import Split
from mien.app.prediction_arguments import Views, split_views


@app.command()
def robustness(
    run: Annotated[Path | None, typer.Argument(help="Folder of a run or an ensemble.")] = None,
    *,
    list_corruptions: Annotated[bool, typer.Option("--list", help="List the corruptions.")] = False,
    split: Annotated[Split, typer.Option(help="Whose faces; test only once its record exists.")] = Split.VALIDATION,
    corruption: Annotated[
        list[str] | None, typer.Option(help="Corruption, of those that --list names; all. May be repeated.")
    ] = None,
    rows: Annotated[int | None, typer.Option(help="Faces, spread over the split; all.")] = None,
    views: Views = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write every figure as CSV.")] = None,
    pictures: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Draw curves over the strengths.")] = None,
    sheet: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw two faces of the split under each corruption.")
    ] = None,
    results: Annotated[Path, typer.Option(help="Folder of the records.")] = Path("results"),
    seed: Annotated[int, typer.Option(min=0, help="Seed of whatever is drawn.")] = 0,
) -> None:
    """Measure a run's accuracy and calibration on corrupted faces, five strengths of each corruption.

    Answers are calibrated as on clean validation. A sheet shows real faces of the data set: mind whose they are before
    passing it on.
    """
    from mien.app.figures import print_rows
    from mien.evaluation.ensemble import open_model
    from mien.evaluation.robustness import (
        draw_run_corruptions,
        measure_robustness,
        robustness_lines,
        robustness_rows,
        write_robustness_csv,
    )
    from mien.evaluation.tables import headline_lines
    from mien.images.writing import check_drawing_file, write_picture

    if list_corruptions:
        _list_corruptions()
        return
    if run is None:
        raise typer.BadParameter("name a run folder, or --list")
    if sheet is not None:
        check_drawing_file(sheet)
    folder, chosen = open_model(run), corruption or None
    report = measure_robustness(
        folder,
        split=split.value,
        corruptions=chosen,
        rows=rows,
        views=split_views(views),
        results_folder=results,
        seed=seed,
    )
    for line in headline_lines(report.clean):
        print(line)
    print_rows(robustness_rows(report))
    for line in robustness_lines(report):
        print(line)
    if csv is not None:
        print(f"figures: {write_robustness_csv(report, csv)}")
    if pictures is not None:
        from mien.evaluation.pictures.robustness import draw_robustness

        name = f"{report.clean.model}-{report.clean.split}-robustness.png"
        print(f"picture: {draw_robustness(report, pictures / name)}")
    if sheet is not None:
        drawn = draw_run_corruptions(folder, split=split.value, corruptions=chosen, results_folder=results, seed=seed)
        print(f"picture: {write_picture(sheet, drawn)}")


def _list_corruptions() -> None:
    from mien.app.figures import print_notes, print_rows
    from mien.evaluation.robustness import CORRUPTIONS

    table = [["corruption", "unit", "strengths"]]
    for entry in CORRUPTIONS:
        card = entry.card
        table.append([entry.name, card.unit, ", ".join(f"{each:g}" for each in card.strengths)])
    print_rows(table, num_text_columns=len(table[0]))
    print_notes({f"{entry.name} ({entry.card.title})": (entry.card.source,) for entry in CORRUPTIONS})
