"""``mien weights verify``: whether files are what they should be."""

from typing import Annotated

import typer

from mien.app.cli import EXIT_FAULT, print_error
from mien.app.cli.weights import weights_app
from mien.errors import WeightsError


@weights_app.command()
def verify(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME...]", help="Names, as mien weights list has them; all that are there."),
    ] = None,
) -> None:
    """Check size and SHA-256 of files; exits with 2 if one is missing or another."""
    from mien.faces.detector import find_known_weights, known_weights

    there = [weights for weights in known_weights() if weights.is_there]
    chosen = [find_known_weights(name) for name in names] if names else there
    num_faults = 0
    for weights in chosen:
        try:
            weights.check()
        except WeightsError as fault:
            num_faults += 1
            print_error(str(fault))
        else:
            print(f"{weights.name}: {weights.place} is right")
    if not chosen:
        print("none of the files is there; mien weights list names them")
    if num_faults:
        raise typer.Exit(EXIT_FAULT)
