"""``mien end-to-end``: faces pasted into scenes, found, cropped and classified by a model file."""

from pathlib import Path
from typing import Annotated

import typer

from mien.app.cli import app
from mien.app.cli.evaluate import Split


@app.command()
def end_to_end(
    model: Annotated[
        str, typer.Argument(metavar="NAME|FILE|FOLDER", help="Shipped model, model file, or a run exported into it.")
    ] = "compact",
    *,
    dataset: Annotated[str | None, typer.Option(help="Data set of tight faces; the one the model names.")] = None,
    path: Annotated[str | None, typer.Option(help="File or folder of the data set; its usual place.")] = None,
    option: Annotated[
        list[str] | None, typer.Option(metavar="OPTION=VALUE", help="Option of --dataset. May be repeated.")
    ] = None,
    split: Annotated[Split, typer.Option(help="Whose faces; test only once its record exists.")] = Split.VALIDATION,
    rows: Annotated[int, typer.Option(help="Faces, spread over the split; each is pasted once.")] = 500,
    detector: Annotated[list[str] | None, typer.Option(help="Face detector; all. May be repeated.")] = None,
    detector_model: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Model file of the detector, for one that needs it.")
    ] = None,
    side: Annotated[
        list[int] | None, typer.Option(help="Side of faces in pixels; 32, 48, 80, 120, 240. May be repeated.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write every figure as CSV.")] = None,
    pictures: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Draw curves over the size of the face, and a few scenes.")
    ] = None,
    results: Annotated[Path, typer.Option(help="Folder of the records.")] = Path("results"),
    seed: Annotated[int, typer.Option(min=0, help="Seed of sizes, places and backgrounds.")] = 0,
) -> None:
    """Paste faces into scenes and measure what mien finds there and answers, with each face detector.

    Beside it stands the figure for given crops of the same faces. Scenes drawn show real faces of the data set: mind
    whose they are before passing them on.
    """
    from mien.app.dataset_arguments import read_named
    from mien.app.figures import print_rows
    from mien.app.terminal import ProgressLine
    from mien.evaluation.end_to_end import (
        draw_scene_sheet,
        end_to_end_lines,
        end_to_end_rows,
        find_model_file,
        group_rows,
        measure_end_to_end,
        open_faces,
        write_end_to_end_csv,
    )
    from mien.evaluation.scenes import SIDES

    if dataset is None and option:
        raise typer.BadParameter("--option belongs to --dataset; name one, or leave both out")
    model_file = find_model_file(model)
    face_set = None if dataset is None else read_named(dataset, path, option)
    opened = open_faces(model_file, split=split.value, rows=rows, face_set=face_set, path=path, results_folder=results)
    progress = ProgressLine(len(opened), noun="faces")
    chosen, sides = detector or None, tuple(side or SIDES)
    report = measure_end_to_end(
        opened, detectors=chosen, detector_model=detector_model, sides=sides, seed=seed, show=progress.show
    )
    progress.clear()
    for line in end_to_end_lines(report):
        print(line)
    print_rows(end_to_end_rows(report))
    print_rows(group_rows(report), num_text_columns=2)
    if csv is not None:
        print(f"figures: {write_end_to_end_csv(report, csv)}")
    if pictures is not None:
        from mien.evaluation.pictures.end_to_end import draw_end_to_end
        from mien.images.writing import write_picture

        name = f"{model_file.contract.name}-{split.value}"
        print(f"picture: {draw_end_to_end(report, pictures / f'{name}-end-to-end.png')}")
        sheet = draw_scene_sheet(opened, detectors=chosen, detector_model=detector_model, sides=sides, seed=seed)
        print(f"picture: {write_picture(pictures / f'{name}-scenes.png', sheet)}")
