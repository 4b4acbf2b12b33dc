from collections.abc import Callable
from pathlib import Path

from tests.made_datasets import make_class_folders, make_ferplus, make_jaffe, make_kdef
from tests.unit.app.cli.conftest import Ran

Runner = Callable[..., Ran]


def test_two_data_sets_are_told_apart(run: Runner, tmp_path: Path) -> None:
    jaffe, kdef = make_jaffe(tmp_path / "jaffe").path, make_kdef(tmp_path / "kdef").path
    done = run("data", "bias", "jaffe", jaffe, "kdef", kdef, "--folds", 2, "--rows", 14)
    assert (done.code, done.err) == (0, "")
    for words in (
        "which data set is this? 14 faces of each of jaffe, kdef",
        "chance 50.00 %",
        "only 14 faces of each: figures on fewer than 30 say little",
        "confusion matrix: true data sets down, answers across",
    ):
        assert words in done.out.replace("\n", " ")


def test_refusals_are_one_line(run: Runner, tmp_path: Path) -> None:
    made = make_ferplus(tmp_path / "ferplus")
    mine = make_class_folders(tmp_path).path
    for arguments, message in (
        (("fer2013", made.path, "ferplus", made.path), "ferplus: no face is left to be told from others; "),
        (("class_folders", mine), "data sets to tell apart are mine; expected at least two"),
        (("class_folders", mine, "name=a", "class_folders", mine, mine), f"'{mine}' follows class_folders {mine}"),
    ):
        done = run("data", "bias", *arguments)
        assert (done.code, done.err.count("\n")) == (2, 1)
        assert done.err.startswith(f"error: {message}")
