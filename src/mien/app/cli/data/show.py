"""``mien data show``: pictures through chains of steps, side by side."""

from pathlib import Path
from typing import Annotated

import typer

from mien.app.cli.data import data_app
from mien.app.dataset_arguments import DatasetPath, ReaderOptions, read_named
from mien.errors import MienError


@data_app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="Data set, such as fer2013, or a picture file.")],
    path: DatasetPath = None,
    options: ReaderOptions = None,
    *,
    output: Annotated[Path, typer.Option(help="PNG or JPEG file to write.")],
    row: Annotated[
        list[str] | None, typer.Option(help="Row id, or row number from 0; the first row if left out. Repeatable.")
    ] = None,
    steps: Annotated[
        list[str] | None,
        typer.Option(
            help="Chain of steps in one text, such as 'gamma_equalize resize:size_hw=[96,96],filter=lanczos'. "
            "Repeatable; one chain is drawn step by step, of several the ends."
        ),
    ] = None,
) -> None:
    """Draw one or a few pictures as they are and after steps of preparation, each labelled with its size and range.

    ``mien data steps`` lists the operations. Steps that must be fitted are fitted on the data set's training split.
    """
    from mien.data import DATASETS
    from mien.data.showing import Shown, draw_chains, fit_chains, select_shown
    from mien.data.steps import check_steps
    from mien.images.reading import PICTURE_SUFFIXES, read_picture
    from mien.images.writing import check_drawing_file, write_picture

    check_drawing_file(output)
    chains = [check_steps(chain) for chain in steps or []]
    if name not in DATASETS.names() and (Path(name).is_file() or Path(name).suffix.lower() in PICTURE_SUFFIXES):
        if path is not None or row:
            raise MienError(f"{name}: a picture file, which has no path, options or rows; leave them out")
        shown = [Shown(Path(name).name, read_picture(name).image_rgb)]
    else:
        face_set = read_named(name, path, options)
        shown = select_shown(face_set, row or ["0"])
        chains = fit_chains(face_set, chains)
    drawing = draw_chains(shown, chains)
    write_picture(output, drawing)
    print(f"{output}: {len(shown)} picture{'s'[: len(shown) > 1]}, {drawing.shape[1]}x{drawing.shape[0]} pixels")
