"""``mien bench``: each promised speed and size, measured here."""

from pathlib import Path
from typing import Annotated

import typer

from mien.app.cli import app

_PARTS = ("reading", "training", "recognition")


@app.command()
def bench(
    only: Annotated[list[str] | None, typer.Option(help=f"Measure only: {', '.join(_PARTS)}.")] = None,
    light_python: Annotated[
        Path | None, typer.Option(help="Python of an environment with the light install; this one if left out.")
    ] = None,
    picture: Annotated[Path, typer.Option(help="Picture to analyse.")] = Path("examples/pictures/astronaut.png"),
    csv: Annotated[Path | None, typer.Option(help="FER2013's CSV; its usual place if left out.")] = None,
) -> None:
    """Measure each speed and size that is promised; exit with 1 if one is missed by half."""
    from mien.app.figures import print_rows
    from mien.benchmarks.machine import describe_machine
    from mien.benchmarks.measurement import Measurement

    parts = only or list(_PARTS)
    for part in parts:
        if part not in _PARTS:
            raise typer.BadParameter(f"unknown part {part!r}; expected {', '.join(_PARTS)}")
    print(f"machine: {describe_machine()}")
    measurements: list[Measurement] = []
    if "recognition" in parts:
        from mien.benchmarks.recognition_speed import measure_light_install, measure_recognizer, this_python

        measurements += measure_light_install(light_python or this_python(), picture)
        measurements += measure_recognizer()
    if "reading" in parts:
        from mien.benchmarks.reading import measure_reading
        from mien.data.datasets.fer2013 import locate_fer2013

        measurements += measure_reading(csv or locate_fer2013())
    if "training" in parts:
        from mien.benchmarks.training_speed import measure_training

        measurements += measure_training()
    rows = [measurement.to_row() for measurement in measurements]
    print_rows([["measured", "figure", "promised", "verdict"], *rows])
    if any(measurement.verdict == "missed by half" for measurement in measurements):
        raise typer.Exit(1)
