"""``mien export``: a run becomes a model file."""

from pathlib import Path
from typing import Annotated

import typer

from mien.app.cli import app
from mien.errors import MienError


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="Folder of a network's run, or of an ensemble.")],
    *,
    output: Annotated[Path | None, typer.Option(help="File to write; NAME.onnx in the run folder if left out.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the model; the recipe's if left out.")] = None,
    views: Annotated[
        str | None,
        typer.Option(help="Views to average: plain, or plain,flip (its mirror image too); the recipe's if left out."),
    ] = None,
    detector: Annotated[
        list[str] | None,
        typer.Option(
            metavar="haar|yunet|none",
            help="Measure by how much to widen this detector's boxes; haar if left out, none: no detector. Repeatable.",
        ),
    ] = None,
    detector_model: Annotated[Path | None, typer.Option(help="Model file of the detector, which yunet needs.")] = None,
    licence: Annotated[str, typer.Option(help="Licence of the weights, as the file is to state it.")] = "MIT",
    calibrator: Annotated[
        str, typer.Option(metavar="none|temperature|vector|isotonic", help="What makes probabilities of its logits.")
    ] = "temperature",
    coverage: Annotated[
        float | None,
        typer.Option(help="Give each face a set of expressions that holds the right one in this share, such as 0.9."),
    ] = None,
    sets: Annotated[
        str | None,
        typer.Option(metavar="aps|lac", help="How sets of --coverage are made; aps, whose sets are never empty."),
    ] = None,
    results: Annotated[
        Path, typer.Option(help="Folder of the records of mien evaluate, whose figures go into the file.")
    ] = Path("results"),
) -> None:
    """Write a run's best weights as an ONNX model file, after comparing it with torch on real faces.

    The file holds all that recognising needs (its contract: classes, preparation, views, calibrator, crop margins), so
    that mien analyze --model takes it. Calibrator, the threshold for unsure answers, sets and crop margins are fitted
    on the validation split; a run that was trained on it (training.join_validation) cannot be exported.
    """
    from mien.evaluation.conformal import DEFAULT_METHOD
    from mien.evaluation.ensemble import open_model
    from mien.export.export_run import export_run
    from mien.faces.detector import DETECTORS, create_detector
    from mien.training.training_data import read_training_data

    if sets is not None and coverage is None:
        raise MienError(f"--sets {sets} has no effect without --coverage; say how often a set shall hold the right one")
    run_folder = open_model(run)
    names = [name for name in detector or ["haar"] if name != "none"]
    detectors = [create_detector(name, detector_model if DETECTORS.get(name).card.weights else None) for name in names]
    report = export_run(
        run_folder,
        output or run_folder.folder / f"{name or run_folder.recipe.name}.onnx",
        data=read_training_data(run_folder.recipe.data),
        detectors=detectors,
        name=name,
        views=None if views is None else views.split(","),
        licence=licence,
        results_folder=results,
        calibrator=calibrator,
        coverage=coverage,
        sets=sets or DEFAULT_METHOD,
        say=print,
    )
    print(
        f"{report.model_file.path}: {report.num_bytes / 1e6:.2f} MB, largest difference from torch "
        f"{report.largest_difference:.1e} on {report.num_compared} faces"
    )
