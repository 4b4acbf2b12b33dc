"""``mien augment``: a picture of what a recipe's augmentation does."""

from pathlib import Path
from typing import Annotated

import typer

from mien.app.cli import app


@app.command()
def augment(
    recipe: Annotated[Path, typer.Argument(help="Recipe, a TOML file.")],
    changes: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="Changed settings, such as augmentation.occlusion=0.5."),
    ] = None,
    *,
    output: Annotated[Path, typer.Option(help="PNG or JPEG file to write.")],
    rows: Annotated[int, typer.Option(help="Training faces to draw.")] = 8,
) -> None:
    """Draw training faces as they are and as training takes them, with the labels that training is told.

    It shows real faces of the data set: mind whose they are before passing it on.
    """
    from mien.images.writing import check_drawing_file, write_picture
    from mien.training import read_recipe
    from mien.training.augmentation.sheet import draw_augmentation

    check_drawing_file(output)
    sheet = draw_augmentation(read_recipe(recipe, changes or ()), rows=rows)
    write_picture(output, sheet)
    print(f"{output}: {sheet.shape[1]}x{sheet.shape[0]} pixels")
