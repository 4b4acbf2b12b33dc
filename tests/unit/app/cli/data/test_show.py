import contextlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.unit.app.cli.conftest import Ran

REPOSITORY = Path(__file__).resolve().parents[5]
PORTRAIT = REPOSITORY / "examples" / "pictures" / "astronaut.png"


def test_show_draws_rows_of_a_data_set_through_several_chains(
    run: Callable[..., Ran], fer2013_csv: Path, tmp_path: Path
) -> None:
    output = tmp_path / "drawing.png"
    rows = ("--row", "fer2013:00007", "--row", "12")
    chains = ("--steps", "gamma_equalize emboss", "--steps", "featurewise_standardize", "--steps", "clahe")
    done = run("data", "show", "fer2013", fer2013_csv, *rows, *chains, "--output", output)
    assert (done.code, done.err) == (0, "")
    with Image.open(output) as drawing:
        assert done.out == f"{output}: 2 pictures, {drawing.width}x{drawing.height} pixels\n"
        assert drawing.width == 16 + 4 * 240
        assert drawing.height > 2 * 224


def test_show_draws_a_picture_file_step_by_step(run: Callable[..., Ran], tmp_path: Path) -> None:
    output = tmp_path / "new" / "drawing.jpg"
    done = run("data", "show", PORTRAIT, "--steps", "crop_face to_grey resize:size_hw=[48,48]", "--output", output)
    assert done.code == 0
    assert done.out.startswith(f"{output}: 1 picture, 976x")


def test_show_takes_the_first_row_and_no_steps(run: Callable[..., Ran], fer2013_csv: Path, tmp_path: Path) -> None:
    output = tmp_path / "drawing.png"
    assert run("data", "show", "fer2013", fer2013_csv, "--output", output).code == 0
    with Image.open(output) as drawing:
        assert drawing.width == 256
        levels = np.asarray(drawing)
    assert len(np.unique(levels[100:200, 50:200])) > 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("fer2013", "CSV", "--output", "x.gif"), "x.gif: the drawing is written as .png or .jpg; name such a file"),
        (("fer2013", "CSV", "--steps", "to_gray", "--output", "x.png"), "steps: step 1: unknown operation 'to_gray'"),
        (("fer2013", "CSV", "--steps", "resize:48", "--output", "x.png"), "'48' is no setting; expected key=value"),
        (("fer2013", "CSV", "--row", "140", "--output", "x.png"), "fer2013: no row '140' among 140"),
        (("fer2031", "--output", "x.png"), "unknown data set 'fer2031'; did you mean 'fer2013'?"),
        ((PORTRAIT, "--steps", "zca_whiten", "--output", "x.png"), "step 'zca_whiten' is not fitted"),
        ((Path(__file__), "--output", "x.png"), "not a picture"),
        (("nowhere.png", "--output", "x.png"), "nowhere.png: no such file or folder"),
        ((PORTRAIT, "--row", "1", "--output", "x.png"), "a picture file, which has no path, options or rows; leave"),
    ],
    ids=["ending", "operation", "argument", "row", "data set", "unfitted", "no picture", "missing", "row of a picture"],
)
def test_show_names_what_is_wrong_in_one_line(
    run: Callable[..., Ran], fer2013_csv: Path, tmp_path: Path, arguments: tuple[object, ...], message: str
) -> None:
    with contextlib.chdir(tmp_path):
        done = run("data", "show", *(fer2013_csv if each == "CSV" else each for each in arguments))
    assert done.code == 2
    assert message in done.err
    assert done.err.count("\n") == 1
    assert not list(tmp_path.glob("x.*"))
