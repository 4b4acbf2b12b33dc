"""``mien bench``: each promised speed and size, measured here."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mien.app.cli import app
from mien.errors import MienError

if TYPE_CHECKING:
    from mien.benchmarks.measurement import Measurement

_PARTS = ("recognition", "live", "video", "reading", "audit", "training", "plain loop", "judging", "explanation")

_WITHOUT_ARGUMENTS = {
    "training": ("training_speed", "measure_training"),
    "plain loop": ("plain_loop", "measure_plain_loop"),
    "judging": ("judging_speed", "measure_judging"),
    "explanation": ("explanation_speed", "measure_explanation"),
}
"""Module and function of the parts that take no arguments."""


@app.command()
def bench(
    only: Annotated[list[str] | None, typer.Option(help=f"Measure only: {', '.join(_PARTS)}.")] = None,
    light_python: Annotated[
        Path | None, typer.Option(help="Python of an environment with the light install; this one if left out.")
    ] = None,
    picture: Annotated[Path, typer.Option(help="Picture to analyse, with one face.")] = Path(
        "examples/pictures/astronaut.png"
    ),
    csv: Annotated[Path | None, typer.Option(help="FER2013's CSV; its usual place if left out.")] = None,
) -> None:
    """Measure each speed and size that is promised; exit with 1 if one is missed by half.

    "training" times whole runs beside the bare step and the same steps without a trainer, looks at their memory, and
    times a GPU where there is one; "plain loop" and "video" run beside loops of the kind that is often published.
    """
    from mien.app.figures import print_rows
    from mien.benchmarks.machine import describe_machine

    parts = only or list(_PARTS)
    for part in parts:
        if part not in _PARTS:
            raise typer.BadParameter(f"unknown part {part!r}; expected {', '.join(_PARTS)}")
    print(f"machine: {describe_machine()}")
    verdicts = []
    for part in parts:
        try:
            measurements = _measure(part, light_python=light_python, picture=picture, csv=csv)
        except MienError as fault:
            print(f"{part}: not measured: {fault}")
            continue
        print_rows([[part, "figure", "promised", "verdict"], *(measurement.to_row() for measurement in measurements)])
        verdicts += [measurement.verdict for measurement in measurements]
    if "missed by half" in verdicts:
        raise typer.Exit(1)


def _measure(part: str, *, light_python: Path | None, picture: Path, csv: Path | None) -> list["Measurement"]:
    if part in ("reading", "audit"):
        from mien.benchmarks.audit_speed import measure_audit
        from mien.benchmarks.reading import measure_reading
        from mien.data.datasets.fer2013 import locate_fer2013

        measure = measure_reading if part == "reading" else measure_audit
        return measure(csv or locate_fer2013())
    if part in ("live", "video"):
        from mien.benchmarks.live_speed import measure_live
        from mien.benchmarks.video_speed import measure_video

        return (measure_live if part == "live" else measure_video)(picture)
    if part in _WITHOUT_ARGUMENTS:
        module, function = _WITHOUT_ARGUMENTS[part]
        measurements: list[Measurement] = getattr(import_module(f"mien.benchmarks.{module}"), function)()
        return measurements
    from mien.benchmarks.recognition_speed import (
        measure_engines,
        measure_light_install,
        measure_recognizer,
        this_python,
    )

    light = measure_light_install(light_python or this_python(), picture)
    return [*light, *measure_recognizer(), *measure_engines()]
