from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.unit.app.cli.conftest import Ran


def test_augment_draws_a_recipes_faces(run: Callable[..., Ran], tiny_recipe_file: Path, tmp_path: Path) -> None:
    output = tmp_path / "new" / "sheet.png"
    done = run("augment", tiny_recipe_file, "augmentation.occlusion=1.0", "--output", output, "--rows", 2)
    assert (done.code, done.err) == (0, "")
    with Image.open(output) as drawing:
        assert done.out == f"{output}: {drawing.width}x{drawing.height} pixels\n"
        assert drawing.width == 8 + 11 * 120


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--output", "x.gif"), "x.gif: the drawing is written as .png or .jpg; name such a file"),
        (("augmentation.occlusion=2", "--output", "x.png"), "augmentation.occlusion: Input should be less than"),
        (("--output", "x.png", "--rows", "0"), "error: rows is 0; expected at least 1 face to draw"),
    ],
    ids=["ending", "setting", "rows"],
)
def test_augment_names_what_is_wrong(
    run: Callable[..., Ran], tiny_recipe_file: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = run("augment", tiny_recipe_file, *arguments)
    assert done.code == 2
    assert message in done.err
    assert done.err.count("\n") == 1
