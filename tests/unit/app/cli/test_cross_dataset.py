from collections.abc import Callable
from pathlib import Path

import pytest

from mien.training import RunFolder
from tests.made_datasets import make_ck_plus48, make_ferplus, make_raf_db
from tests.unit.app.cli.conftest import Ran

Runner = Callable[..., Ran]


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "220")


def test_a_run_is_judged_on_two_data_sets(run: Runner, members: list[RunFolder], tmp_path: Path) -> None:
    raf, ck = make_raf_db(tmp_path / "raf").path, make_ck_plus48(tmp_path / "ck").path
    done = run("cross-dataset", members[0].folder, "raf_db", raf, "ck_plus48", ck, "--csv", tmp_path / "a.csv")
    assert (done.code, done.err) == (0, "")
    for words in (
        "one on training of raf_db-after-fer2013, views: plain",
        "shared classes: angry, disgust, fear, happy, sad, surprise\n",
        "the model's without counterpart, never answered here: neutral",
        "the data set's without counterpart: contempt; 6 of 42 rows left out (14.29 %): 6 contempt",
        "confusion matrix: true classes of ck_plus48 down, answers across",
        "fer2013 (its own)",
        "one was trained on fer2013.",
        f"figures: {tmp_path / 'a.csv'}",
    ):
        assert words in done.out
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 1 + 2 * 2


def test_an_opening_names_its_record_and_is_listed(run: Runner, members: list[RunFolder], tmp_path: Path) -> None:
    raf, results = make_raf_db(tmp_path / "raf").path, tmp_path / "results"
    done = run("cross-dataset", members[0].folder, "raf_db", raf, "--split", "test", "--results", results)
    record = results / "official" / "raf_db-after-fer2013" / "0001-one.json"
    assert f"record under protocol official: {record} (opened 0 times before)" in done.out
    assert record.exists()
    assert "0001-one" in run("results", results).out


def test_refusals_are_one_line(run: Runner, members: list[RunFolder], tmp_path: Path) -> None:
    ferplus = make_ferplus(tmp_path / "ferplus").path
    for arguments, message in (
        (("ferplus", ferplus, "--split", "validation"), "validation of ferplus was seen by 'one' (chosen on by one)"),
        (("ferplos",), "unknown data set 'ferplos'; did you mean 'ferplus'?"),
        (("raf_db", tmp_path, "--steps", "crop"), "steps: step 1: unknown operation 'crop'"),
    ):
        if arguments[0] == "raf_db":
            make_raf_db(tmp_path)
        done = run("cross-dataset", members[0].folder, *arguments)
        assert (done.code, done.err.count("\n")) == (2, 1)
        assert done.err.startswith(f"error: {message}")
