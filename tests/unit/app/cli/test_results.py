from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from mien.evaluation.judge import judge
from mien.evaluation.protocol import open_test_split
from mien.metrics.predictions import Predictions
from mien.training import RunFolder, read_recipe, train
from tests.unit.app.cli.conftest import Ran

MARKED = "# some\n\n<!-- table: records -->\nold\n<!-- /table -->\n\nafter\n"


def test_results_lists_and_updates(run: Callable[..., Ran], tiny_run: RunFolder, tmp_path: Path) -> None:
    results, readme = tmp_path / "results", tmp_path / "README.md"
    judge(tiny_run, results_folder=results, ships_as="small")
    listed = run("results", results)
    assert listed.code == 0
    assert "0001-tiny" in listed.out
    readme.write_text(MARKED)
    assert "table of 1 records written" in run("results", results, "--update", readme).out
    text = readme.read_text()
    assert "old" not in text
    assert "[0001-tiny](results/official/fer2013/0001-tiny.json)" in text
    assert text.endswith("\n\nafter\n")


def test_one_record_tells_its_figures_and_draws_them_without_opening_anything(
    run: Callable[..., Ran], make_predictions: Callable[..., Predictions], tmp_path: Path
) -> None:
    record = open_test_split(make_predictions(80), results_folder=tmp_path / "results", recipe={})
    done = run("results", record.file, "--pictures", tmp_path / "pictures")
    assert (done.code, done.err) == (0, "")
    for words in ("Cohen's kappa", "accuracy of the surest 90 %", "confusion matrix", "65 ± 5 %"):
        assert words in done.out
    assert len(list((tmp_path / "pictures").iterdir())) == done.out.count("picture: ") == 6
    assert len(list(record.file.parent.iterdir())) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("results/x.json", "--update", "README.md"), "--update writes a table of all records; name their folder"),
        (("results", "--pictures", "p"), "--pictures draws the figures of one record; name its .json file"),
    ],
)
def test_options_that_do_not_fit_are_refused(run: Callable[..., Ran], arguments: tuple[str, ...], message: str) -> None:
    done = run("results", *arguments)
    assert done.code == 2
    assert message in " ".join(done.err.replace("│", "").split())


def test_records_of_several_data_sets_stand_in_tables_of_their_own(
    run: Callable[..., Ran], tiny_run: RunFolder, tiny_recipe_file: Path, tmp_path: Path
) -> None:
    results, readme = tmp_path / "results", tmp_path / "README.md"
    judge(tiny_run, results_folder=results)
    changes = ["name=six", "data.expressions=six", "data.outside=drop", "training.epochs=1"]
    six = train(read_recipe(tiny_recipe_file, changes), runs_folder=tmp_path / "runs", console=Console(quiet=True))
    judge(six, results_folder=results)
    listed = run("results", results)
    assert (listed.code, listed.err) == (0, "")
    lines = [line.strip() for line in listed.out.splitlines()]
    assert lines.index("fer2013") < lines.index("fer2013-six")
    readme.write_text(MARKED)
    assert "table of 2 records written" in run("results", results, "--update", readme).out
    text = readme.read_text()
    assert text.index("fer2013:\n\n|") < text.index("fer2013-six:\n\n|")
    assert text.count("| name ") == 2


def test_no_records_are_said_so(run: Callable[..., Ran], tmp_path: Path) -> None:
    assert "no test split was opened yet" in run("results", tmp_path).out


def test_an_altered_record_is_refused(run: Callable[..., Ran], tiny_run: RunFolder, tmp_path: Path) -> None:
    record = judge(tiny_run, results_folder=tmp_path / "results")
    record.file.write_text(record.file.read_text().replace('"seed": 0', '"seed": 1'))
    done = run("results", tmp_path / "results")
    assert done.code == 2
    assert record.file.name in done.err


def test_a_document_without_marker_is_refused(run: Callable[..., Ran], tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    for text, message in ((None, "does not exist"), ("plain\n", "marker <!-- table: records --> 0 times")):
        if text:
            readme.write_text(text)
        done = run("results", tmp_path, "--update", readme)
        assert done.code == 2
        assert message in done.err
