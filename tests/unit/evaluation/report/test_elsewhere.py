from pathlib import Path
from types import SimpleNamespace

import pytest

from mien.evaluation.cross_dataset import cross_dataset_rows, judge_across
from mien.evaluation.cross_dataset.tables import cross_dataset_csv
from mien.evaluation.report import elsewhere
from mien.evaluation.report.elsewhere import make_across, make_end_to_end
from mien.training.training_data import read_training_data
from tests.unit.evaluation.cross_dataset.conftest import make_face_set


def test_scenes_of_a_run_without_a_file_say_how_to_make_one(make_contents, judged) -> None:
    (part,) = make_end_to_end(make_contents(judged.two.folder, judged.record.file))
    assert part.title == "two"
    assert "a run is judged end to end as it ships: mien export" in part.blocks[0].lines[0]


def test_scenes_are_measured_with_the_file_of_the_run(make_contents, judged, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, object] = {}

    def open_some(model_file: str, *, rows: int) -> str:
        asked.update(file=model_file, rows=rows)
        return "faces"

    monkeypatch.setattr(elsewhere, "find_model_file", lambda place: f"file of {Path(place).name}")
    monkeypatch.setattr(elsewhere, "open_faces", open_some)
    monkeypatch.setattr(elsewhere, "measure_end_to_end", lambda opened, seed: SimpleNamespace(of=opened, seed=seed))
    for name in ("end_to_end_rows", "group_rows"):
        monkeypatch.setattr(elsewhere, name, lambda report, name=name: [[name], [f"{report.of} {report.seed}"]])
    monkeypatch.setattr(elsewhere, "end_to_end_lines", lambda _: ["a line"])
    monkeypatch.setattr(elsewhere, "end_to_end_csv", lambda _: "csv")
    monkeypatch.setattr(elsewhere, "_draw_scenes", lambda name, _: f"plot of {name}")
    (part,) = make_end_to_end(make_contents(judged.one.folder, seed=3))
    words, table, groups, plots = part.blocks
    assert asked == {"file": "file of one-1", "rows": 5}
    assert words.lines == ("a line",)
    assert (table.rows[1], groups.rows[0]) == (["faces 3"], ["group_rows"])
    assert (table.download.file_name, table.download.text) == ("one-validation-end-to-end.csv", "csv")
    assert plots.plots == ("plot of one",)


def test_no_other_data_set_no_section(make_contents, judged) -> None:
    assert make_across(make_contents(judged.one.folder)) == []


def test_other_data_sets_are_judged_as_by_mien_cross_dataset(make_contents, judged) -> None:
    other = make_face_set(["neutral", "happy", "angry", "contempt"] * 4)
    (part,) = make_across(make_contents(judged.one.folder, judged.record.file, others=(other,)))
    words, table, told = part.blocks
    expected = judge_across(judged.one, [other])
    assert table.rows == cross_dataset_rows(expected)
    assert table.download.text == cross_dataset_csv(expected)
    assert words.lines[0].startswith("one was trained on fer2013")
    assert told.lines[0] == f"{other.name}:"


def test_a_data_set_that_cannot_be_judged_says_why(make_contents, judged) -> None:
    own = read_training_data(judged.one.recipe.data).face_set
    (part,) = make_across(make_contents(judged.one.folder, others=(own,)))
    assert len(part.blocks) == 1
    assert "fer2013 is the data set that 'one' was trained on" in part.blocks[0].lines[0]
