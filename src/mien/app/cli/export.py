"""``mien export``: a run becomes a model file."""

from pathlib import Path
from typing import Annotated

import typer

from mien.app.cli import app


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    *,
    output: Annotated[Path | None, typer.Option(help="File to write; NAME.onnx in the run folder if left out.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the model; the recipe's if left out.")] = None,
    views: Annotated[str | None, typer.Option(help="Views to average, 'plain' or 'plain,flip'; the recipe's.")] = None,
    detector: Annotated[
        list[str] | None, typer.Option(help="Measure a crop margin for this detector; haar if left out. Repeatable.")
    ] = None,
    detector_model: Annotated[Path | None, typer.Option(help="Model file of a detector that needs one.")] = None,
    licence: Annotated[str, typer.Option(help="Licence of the weights.")] = "MIT",
    results: Annotated[Path, typer.Option(help="Folder of the records.")] = Path("results"),
) -> None:
    """Write a run's best weights as an ONNX model file with its contract, after comparing it with torch.

    Temperature, unsure threshold and crop margins are fitted on the validation split.
    """
    from mien.export.export_run import export_run
    from mien.faces.detector import DETECTORS, create_detector
    from mien.training import RunFolder
    from mien.training.training_data import read_training_data

    run_folder = RunFolder.open(run)
    names = [name for name in detector or ["haar"] if name != "none"]
    detectors = [
        create_detector(name, detector_model if DETECTORS.get(name).card.needs_file else None) for name in names
    ]
    report = export_run(
        run_folder,
        output or run_folder.folder / f"{name or run_folder.recipe.name}.onnx",
        data=read_training_data(run_folder.recipe.data),
        detectors=detectors,
        name=name,
        views=None if views is None else views.split(","),
        licence=licence,
        results_folder=results,
        say=print,
    )
    print(
        f"{report.model_file.path}: {report.num_bytes / 1e6:.2f} MB, largest difference from torch "
        f"{report.largest_difference:.1e} on {report.num_compared} faces"
    )
