import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mien.app.cli.data.audit import choose_detectors
from mien.data.audit import Findings
from tests.conftest import make_rows, write_csv
from tests.unit.app.cli.conftest import Ran
from tests.unit.data.audit.scenes import make_scenes

Run = Callable[..., Ran]


@pytest.fixture
def csv_with_faults(tmp_path: Path) -> Path:
    """Seventy scenes in FER2013's layout; a test row is a copy of the first row, another a flip of the second."""
    _, labels, usages = make_rows(70)
    faces = make_scenes(70, seed=40)
    tests = [row for row, usage in enumerate(usages) if usage == "PrivateTest"]
    faces[tests[0]], faces[tests[1]] = faces[0], faces[1][:, ::-1]
    faces[2] = 0
    return write_csv(tmp_path / "data" / "fer2013.csv", faces, labels, usages)


def test_audit_prints_figures_and_writes_three_files(run: Run, csv_with_faults: Path, tmp_path: Path) -> None:
    done = run("data", "audit", "fer2013", csv_with_faults, "--output", tmp_path / "out", "--detector", "haar_alt_48")
    assert (done.code, done.err) == (0, "")
    assert "fer2013: 70 rows audited, fingerprint " in done.out
    assert "test rows identical to one of training: 1\n" in done.out
    assert "test rows nearly identical to one of training: 1\n" in done.out
    assert "redundant copies of identical pictures: 1; published 1,853 (cnn_lstm)\n" in done.out
    assert "pictures in which haar_alt_48 finds a face: 0; published 27,783" in done.out
    assert "black pictures: 1\n" in done.out
    assert f"written: {tmp_path / 'out' / 'audit.html'}" in done.out
    assert "data:image/png" in (tmp_path / "out" / "audit.html").read_text()
    assert json.loads((tmp_path / "out" / "audit.json").read_text())["rows"] == 70
    assert len(Findings.load(tmp_path / "out" / "findings.parquet")) == 70


def test_audit_leaves_pictures_and_detectors_out(run: Run, csv_with_faults: Path, tmp_path: Path) -> None:
    arguments = ("data", "audit", "fer2013", csv_with_faults, "--output", tmp_path / "out")
    done = run(*arguments, "--no-pictures", "--no-detector")
    assert done.code == 0
    assert "finds a face" not in done.out
    assert "data:image" not in (tmp_path / "out" / "audit.html").read_text()


def test_the_usual_detectors_are_haar_and_yunet_if_it_is_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MIEN_WEIGHTS", str(tmp_path))
    assert choose_detectors(None) == ["haar"]
    assert choose_detectors(None, tmp_path / "yunet.onnx") == ["haar", "yunet"]
    assert choose_detectors(["yunet", "haar_alt_48"]) == ["yunet", "haar_alt_48"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("fer2013", "nowhere.csv", "--no-detector"), "nowhere.csv does not exist"),
        (("fer2013", "{csv}", "--detector", "harr"), "no search for faces is called 'harr'; did you mean 'haar"),
        (("fer2013", "{csv}", "--detector", "yunet"), "detector 'yunet' needs"),
    ],
)
def test_audit_names_what_is_wrong_in_one_line(
    run: Run,
    csv_with_faults: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.setenv("MIEN_WEIGHTS", str(tmp_path))
    named = [str(csv_with_faults) if argument == "{csv}" else argument for argument in arguments]
    done = run("data", "audit", *named, "--output", tmp_path / "out")
    assert done.code == 2
    assert message in done.err
    assert done.err.count("\n") == 1
    assert not list(tmp_path.glob("out/*"))


def test_an_output_that_cannot_be_written_is_said_before_the_work(
    run: Run, csv_with_faults: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    done = run("data", "audit", "fer2013", csv_with_faults, "--output", tmp_path / "file" / "out", "--no-detector")
    assert done.code == 2
    assert "cannot be written: part of the path is a file, expected a folder" in done.err


def test_a_missing_package_is_said_before_the_work(
    run: Run, csv_with_faults: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    done = run("data", "audit", "fer2013", csv_with_faults, "--output", tmp_path / "out")
    assert done.code == 2
    assert "pip install 'mien[train]'" in done.err
    assert not (tmp_path / "out").exists()


def test_votes_are_part_of_it(run: Run, csv_with_faults: Path, tmp_path: Path) -> None:
    votes = np.zeros((70, 10), np.int64)
    votes[:, 0] = 10
    votes[5] = [0] * 9 + [10]
    lines = ["Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"]
    lines += [f"Training,fer{row}.png,{','.join(map(str, counts))}" for row, counts in enumerate(votes)]
    csv_with_faults.with_name("fer2013new.csv").write_text("\n".join(lines) + "\n")
    done = run("data", "audit", "fer2013", csv_with_faults, "--output", tmp_path / "out", "--no-detector")
    assert "rows with at least 5 votes for no face: 1\n" in done.out
