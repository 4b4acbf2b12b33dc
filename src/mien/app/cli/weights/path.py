"""``mien weights path``: where a file lies."""

from typing import Annotated

import typer

from mien.app.cli.weights import weights_app


@weights_app.command()
def path(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Name, as mien weights list has it.")] = None,
) -> None:
    """Print where a file lies, or belongs; without a name, the folder of all."""
    from mien.faces.detector import find_known_weights
    from mien.places import weights_folder

    print(weights_folder() if name is None else find_known_weights(name).place)
