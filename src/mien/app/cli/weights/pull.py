"""``mien weights pull``: fetch a file."""

from typing import Annotated

import typer

from mien.app.cli.weights import weights_app


@weights_app.command()
def pull(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Names, as mien weights list has them.")],
) -> None:
    """Fetch files over https from where they are published, and check size and SHA-256.

    A file that is there and right is not fetched again; one that broke off goes on where it was. mien works offline
    afterwards, and fetches nothing by itself.
    """
    from mien.app.terminal import ProgressLine
    from mien.faces.detector import find_known_weights
    from mien.faces.fetching import fetch

    for weights in [find_known_weights(name) for name in names]:
        if weights.is_right:
            print(f"{weights.name}: {weights.place} is there already")
            continue
        progress = ProgressLine(weights.num_bytes, noun=f"bytes of {weights.file_name}")
        try:
            file = fetch(weights, report=progress.show)
        finally:
            progress.clear()
        print(f"{weights.name}: {file}, {weights.num_bytes} bytes, {weights.licence}, from {weights.address}")
