"""``mien bench``: each promised speed and size, measured here."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mien.app.cli import app
from mien.errors import MienError

if TYPE_CHECKING:
    from mien.benchmarks.measurement import Measurement

_PARTS = ("recognition", "reading", "audit", "training", "plain loop", "judging", "explanation")


@app.command()
def bench(
    only: Annotated[list[str] | None, typer.Option(help=f"Measure only: {', '.join(_PARTS)}.")] = None,
    light_python: Annotated[
        Path | None, typer.Option(help="Python of an environment with the light install; this one if left out.")
    ] = None,
    picture: Annotated[Path, typer.Option(help="Picture to analyse.")] = Path("examples/pictures/astronaut.png"),
    csv: Annotated[Path | None, typer.Option(help="FER2013's CSV; its usual place if left out.")] = None,
) -> None:
    """Measure each speed and size that is promised; exit with 1 if one is missed by half.

    "training" times whole runs beside the bare step and the same steps without a trainer, looks at their memory, and
    times a GPU where there is one; "plain loop" runs beside a loop of the kind found in published repositories.
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
    if part == "training":
        from mien.benchmarks.training_speed import measure_training

        return measure_training()
    if part == "plain loop":
        from mien.benchmarks.plain_loop import measure_plain_loop

        return measure_plain_loop()
    if part == "judging":
        from mien.benchmarks.judging_speed import measure_judging

        return measure_judging()
    if part == "explanation":
        from mien.benchmarks.explanation_speed import measure_explanation

        return measure_explanation()
    from mien.benchmarks.recognition_speed import (
        measure_engines,
        measure_light_install,
        measure_recognizer,
        this_python,
    )

    light = measure_light_install(light_python or this_python(), picture)
    return [*light, *measure_recognizer(), *measure_engines()]
