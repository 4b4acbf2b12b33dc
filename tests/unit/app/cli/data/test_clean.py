import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import make_rows, write_csv
from tests.unit.app.cli.conftest import Ran
from tests.unit.data.audit.scenes import make_scenes

Run = Callable[..., Ran]


@pytest.fixture
def csv_with_copies(tmp_path: Path) -> Path:
    """Seventy scenes in FER2013's layout; two rows are copies of training rows in training, one is one in test."""
    _, labels, usages = make_rows(70)
    faces = make_scenes(70, seed=41)
    faces[14], faces[usages.index("PrivateTest")], faces[22] = faces[0], faces[1], faces[3]
    return write_csv(tmp_path / "data" / "fer2013.csv", faces, labels, usages)


def rows_of(table: str) -> dict[str, list[str]]:
    return {words[0]: words[1:] for words in map(str.split, table.splitlines()) if len(words) > 1}


def test_clean_prints_what_each_rule_drops(run: Run, csv_with_copies: Path) -> None:
    done = run("data", "clean", "fer2013", csv_with_copies, "--rules", "exact_duplicates,conflicting_labels")
    assert (done.code, done.err) == (0, "")
    rows = rows_of(done.out)
    assert rows["rule"] == ["training", "validation", "test", "all"]
    assert rows["conflicting_labels"] == ["3", "0", "0", "3"]  # the test row of the group stays
    assert rows["exact_duplicates"] == ["1", "0", "0", "1"]
    assert rows["left"] == ["52", "7", "7", "66"]
    assert done.out.index("conflicting_labels") < done.out.index("exact_duplicates")
    assert "WARNING" not in done.out


def test_clean_says_loudly_when_judged_rows_go(run: Run, csv_with_copies: Path) -> None:
    done = run("data", "clean", "fer2013", csv_with_copies, "--rules", "conflicting_labels", "--splits", "all")
    assert rows_of(done.out)["conflicting_labels"] == ["3", "0", "1", "4"]
    assert "WARNING: cleaning dropped 1 rows of validation and test" in done.out


def test_clean_lists_the_rows_that_go(run: Run, csv_with_copies: Path, tmp_path: Path) -> None:
    file = tmp_path / "dropped.csv"
    done = run("data", "clean", "fer2013", csv_with_copies, "--rules", "exact_duplicates", "--output", file)
    assert f"written: {file}" in done.out
    with file.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["row_id"] for row in rows] == ["fer2013:00001", "fer2013:00014", "fer2013:00022"]
    assert rows[0] == {
        "row_id": "fer2013:00001",
        "origin": "fer2013.csv:3",
        "split": "training",
        "label": "disgust",
        "rule": "exact_duplicates",
    }


def test_clean_takes_the_findings_of_an_audit(run: Run, csv_with_copies: Path, tmp_path: Path) -> None:
    arguments = ("--output", tmp_path / "out", "--detector", "haar_alt_48")
    run("data", "audit", "fer2013", csv_with_copies, *arguments)
    findings = tmp_path / "out" / "findings.parquet"
    done = run("data", "clean", "fer2013", csv_with_copies, "--rules", "no_face", "--findings", findings)
    assert rows_of(done.out)["left"] == ["0", "7", "7", "14"]
    other = write_csv(tmp_path / "other" / "fer2013.csv", *make_rows(70))
    refused = run("data", "clean", "fer2013", other, "--rules", "no_face", "--findings", findings)
    assert refused.code == 2
    assert "findings of fer2013 do not belong to this fer2013: its pictures, labels or splits were" in refused.err


def test_clean_looks_for_faces_itself_where_a_rule_asks(run: Run, csv_with_copies: Path) -> None:
    done = run("data", "clean", "fer2013", csv_with_copies, "--rules", "no_face", "--detector", "haar_alt_48")
    assert rows_of(done.out)["no_face"] == ["56", "0", "0", "56"]


def test_clean_audits_a_set_once(run: Run, csv_with_copies: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run("data", "clean", "fer2013", csv_with_copies, "--rules", "exact_duplicates")
    monkeypatch.setattr("mien.data.audit.kept.audit", lambda *_, **__: pytest.fail("audited again"))
    assert run("data", "clean", "fer2013", csv_with_copies, "--rules", "exact_duplicates").out == first.out
    assert rows_of(first.out)["exact_duplicates"] == ["3", "0", "0", "3"]


def test_clean_lists_the_rules_where_none_is_named(run: Run, csv_with_copies: Path) -> None:
    done = run("data", "clean", "fer2013", csv_with_copies)
    assert done.code == 0
    assert "exact_duplicates" in done.out
    assert "training rows with an identical picture in validation or test" in done.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--rules", "duplicates"), "no rule of cleaning is called 'duplicates'"),
        (
            ("--rules", "blank", "--splits", "train"),
            "unknown split 'train'; expected training, validation, test or all",
        ),
        (("--rules", "blank", "--findings", "nowhere.parquet"), "nowhere.parquet: no such file"),
    ],
)
def test_clean_names_what_is_wrong_in_one_line(
    run: Run, csv_with_copies: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = run("data", "clean", "fer2013", csv_with_copies, *arguments)
    assert done.code == 2
    assert message in done.err
    assert done.err.count("\n") == 1
