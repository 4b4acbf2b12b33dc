import errno
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from mien.errors import MienError, ProtocolError
from mien.evaluation.protocol import check_may_judge, check_may_open, figures_for_choice, find_kind, open_test_split
from mien.evaluation.records import list_records, read_record
from mien.metrics.figures import compute_figures
from mien.metrics.intervals import mcnemar_test
from mien.metrics.predictions import Predictions

OFFICIAL = {"training": "trained on", "validation": "chosen on"}


@pytest.mark.parametrize(
    ("splits_seen", "split", "kind"),
    [(OFFICIAL, "validation", "choice"), ({}, "validation", "judgement"), (OFFICIAL, "test", "judgement")],
)
def test_figures_are_for_choice_where_the_model_was_chosen(splits_seen, split, kind):
    assert find_kind(splits_seen, split, model="run x", data_set="fer2013") == kind


@pytest.mark.parametrize(
    ("splits_seen", "split", "message"),
    [
        ({"validation": "trained on"}, "validation", "validation of fer2013 was trained on by 'run x'"),
        ({"test": "chosen on"}, "test", "test of fer2013 was seen by 'run x'"),
        ({}, "training", "training of fer2013 is there to learn from"),
        ({}, "tset", "unknown split 'tset'; did you mean 'test'"),
    ],
)
def test_figures_that_are_good_for_nothing_have_no_kind(splits_seen, split, message):
    with pytest.raises(ProtocolError, match=message):
        find_kind(splits_seen, split, model="run x", data_set="fer2013")


@pytest.mark.parametrize(
    ("splits_seen", "split", "message"),
    [
        pytest.param(
            OFFICIAL,
            "validation",
            "validation of fer2013 was seen by 'run x' (chosen on); judge it on test",
            id="chosen on",
        ),
        pytest.param(
            {"training": "trained on", "test": "trained on by the teacher 'big'"},
            "test",
            "test of fer2013 was seen by 'run x' (trained on by the teacher 'big'); judge it on validation",
            id="inherited",
        ),
        pytest.param(
            {**OFFICIAL, "test": "chosen on"},
            "test",
            "test of fer2013 was seen by 'run x' (chosen on); no split of fer2013 is left to judge it on",
            id="nothing left",
        ),
        pytest.param(
            OFFICIAL,
            "training",
            "training of fer2013 was seen by 'run x' (trained on); judge it on test",
            id="training",
        ),
        pytest.param(
            {},
            "training",
            "training of fer2013 is there to learn from, nothing is judged on it; judge it on test",
            id="training unseen",
        ),
        pytest.param({}, "tests", "unknown split 'tests'; did you mean 'test'?", id="unknown"),
    ],
)
def test_check_may_judge_refuses(splits_seen, split, message):
    with pytest.raises(ProtocolError) as raised:
        check_may_judge(splits_seen, split, model="run x", data_set="fer2013")
    assert str(raised.value) == message


@pytest.mark.parametrize("split", ["test", "validation"])
def test_check_may_judge_allows_what_was_not_seen(split):
    check_may_judge({"training": "trained on"}, split, model="run x", data_set="fer2013")


def test_figures_for_choice_are_labelled(make_predictions):
    predictions = make_predictions(split="validation")
    figures = figures_for_choice(predictions)
    assert figures.kind == "choice"
    assert figures.all_rows == compute_figures(predictions).all_rows
    assert figures_for_choice(predictions, num_draws=20) == compute_figures(predictions, kind="choice", num_draws=20)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param(
            {"split": "training"},
            "training of fer2013 is there to learn from; choose on validation, judge on test",
            id="training",
        ),
        pytest.param({"split": "test"}, "nothing is chosen on test of fer2013; choose on validation", id="test"),
        pytest.param(
            {"split": "validation", "splits_seen": {"validation": "trained on"}},
            "validation of fer2013 was trained on by 'compact'; it cannot choose by it",
            id="trained on",
        ),
    ],
)
def test_figures_for_choice_refuses(make_predictions, changes, message):
    with pytest.raises(ProtocolError) as raised:
        figures_for_choice(make_predictions(**changes))
    assert str(raised.value) == message


def test_open_test_split_writes_a_record_with_everything(make_predictions, tmp_path):
    predictions = make_predictions(80)
    recipe = {"model": {"name": "compact_irnet"}, "views": ("plain", "flip"), "seed": 3}
    record = open_test_split(
        predictions, results_folder=tmp_path, recipe=recipe, shipped_name="compact", num_parameters=784_263
    )
    assert record.file == tmp_path / "official" / "fer2013" / "0001-compact.json"
    content = json.loads(record.file.read_text())
    for name in ("weights_fingerprint", "recipe_fingerprint", "data_fingerprint", "seed", "versions", "splits_seen"):
        assert content[name] == getattr(predictions, name)
    assert content["recipe"] == {"model": {"name": "compact_irnet"}, "views": ["plain", "flip"], "seed": 3}
    assert content["figures"] == compute_figures(predictions, kind="judgement", num_draws=10_000).to_dict()
    assert content["views"] == ["plain", "flip"]
    assert (content["is_leaky"], content["is_float32"], content["protocol"]) == (False, True, "official")
    assert (content["num_parameters"], content["shipped_name"]) == (784_263, "compact")
    assert (content["openings_before"], content["openings_before_under_name"]) == (0, 0)
    assert content["mcnemar"] is None
    assert content["choice"] is None
    assert abs(datetime.now(UTC) - datetime.fromisoformat(content["created"])) < timedelta(minutes=5)
    assert len(content["seal"]) == 64


def test_open_test_split_saves_the_predictions_beside_the_record(make_predictions, tmp_path):
    predictions = make_predictions()
    record = open_test_split(predictions, results_folder=tmp_path, recipe={})
    assert record.predictions_file == record.file.with_suffix(".npz")
    assert Predictions.load(record.predictions_file).row_ids.tolist() == predictions.row_ids.tolist()
    assert sorted(each.name for each in record.file.parent.iterdir()) == ["0001-compact.json", "0001-compact.npz"]


def test_open_test_split_counts_every_opening(make_predictions, tmp_path):
    names = ["compact", "compact", None, "large", "compact"]
    predictions = make_predictions()
    records = [open_test_split(predictions, results_folder=tmp_path, recipe={}, shipped_name=name) for name in names]
    assert [record.number for record in records] == [1, 2, 3, 4, 5]
    assert [record.content["openings_before"] for record in records] == [0, 1, 2, 3, 4]
    assert [record.content["openings_before_under_name"] for record in records] == [0, 1, None, 0, 2]


def test_open_test_split_counts_each_data_set_alone(make_predictions, tmp_path):
    open_test_split(make_predictions(), results_folder=tmp_path, recipe={})
    other = open_test_split(make_predictions(data_set="rafdb"), results_folder=tmp_path, recipe={})
    assert (other.number, other.content["openings_before"]) == (1, 0)


def test_open_test_split_carries_the_leaky_flag(make_predictions, tmp_path):
    record = open_test_split(make_predictions(is_leaky=True), results_folder=tmp_path, recipe={})
    assert record.content["is_leaky"] is True
    assert record.figures.is_leaky


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param(
            {"split": "validation"}, "a record is of the test split; these predictions are of validation", id="split"
        ),
        pytest.param(
            {"splits_seen": {"training": "trained on", "test": "chosen on"}},
            "test of fer2013 was seen by 'compact' (chosen on); judge it on validation",
            id="seen",
        ),
        pytest.param(
            {"is_float32": False},
            "records are computed in float32; 'compact' answered in a lower precision",
            id="bfloat16",
        ),
        pytest.param(
            {"is_selection": True}, "test of fer2013 is judged whole; these are 40 of its rows", id="some rows"
        ),
        pytest.param(
            {"model": "../compact"},
            "'../compact' cannot name a file; expected letters, digits and _ . + -",
            id="model name",
        ),
        pytest.param({"data_set": "a/b"}, "'a/b' cannot name a file; expected letters, digits and _ . + -", id="set"),
    ],
)
def test_open_test_split_refuses(make_predictions, tmp_path, changes, message):
    with pytest.raises(ProtocolError) as raised:
        open_test_split(make_predictions(**changes), results_folder=tmp_path, recipe={})
    assert str(raised.value) == message
    assert not list(tmp_path.iterdir())


def test_open_test_split_refuses_chosen_rows(make_predictions, tmp_path):
    predictions = make_predictions()
    with pytest.raises(ProtocolError, match="judged whole"):
        open_test_split(predictions.select(predictions.is_right), results_folder=tmp_path, recipe={})


def test_open_test_split_refuses_an_unsafe_shipped_name(make_predictions, tmp_path):
    with pytest.raises(ProtocolError, match="'a b' cannot name a file"):
        open_test_split(make_predictions(), results_folder=tmp_path, recipe={}, shipped_name="a b")


@pytest.mark.parametrize("value", [float("nan"), object()], ids=["nan", "object"])
def test_open_test_split_refuses_a_recipe_that_json_does_not_know(make_predictions, tmp_path, value):
    with pytest.raises(ProtocolError, match="a record holds only what JSON knows, and no NaN"):
        open_test_split(make_predictions(), results_folder=tmp_path, recipe={"rate": value})
    assert not list(tmp_path.iterdir())


def test_open_test_split_refuses_beside_an_altered_record(make_predictions, tmp_path):
    record = open_test_split(make_predictions(), results_folder=tmp_path, recipe={})
    record.file.write_text(record.file.read_text().replace('"seed": 3', '"seed": 4'))
    with pytest.raises(ProtocolError, match=r"0001-compact\.json: altered since it was sealed"):
        open_test_split(make_predictions(), results_folder=tmp_path, recipe={})
    assert sorted(each.name for each in record.file.parent.iterdir()) == ["0001-compact.json", "0001-compact.npz"]


def test_open_test_split_compares_with_a_reference_in_any_row_order(make_predictions, tmp_path):
    predictions = make_predictions(90)
    other = make_predictions(90, random_seed=7, skill=1.0, model="older", weights_fingerprint="weights-0")
    order = np.random.default_rng(0).permutation(90)
    shuffled = replace(other, **{name: getattr(other, name)[order] for name in ("probabilities", "labels", "row_ids")})
    content = open_test_split(predictions, results_folder=tmp_path, recipe={}, reference=shuffled).content["mcnemar"]
    expected = mcnemar_test(predictions.is_right, other.is_right)
    assert content == {
        "reference": "older",
        "reference_weights_fingerprint": "weights-0",
        "reference_views": ["plain", "flip"],
        "only_first_right": expected.only_first_right,
        "only_second_right": expected.only_second_right,
        "p_value": expected.p_value,
        "method": "exact",
    }
    assert expected.only_first_right != expected.only_second_right


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param(
            {"split": "validation"},
            "the reference 'older' answered validation of fer2013; expected test of fer2013",
            id="split",
        ),
        pytest.param(
            {"data_set": "rafdb"}, "the reference 'older' answered test of rafdb; expected test of fer2013", id="set"
        ),
        pytest.param(
            {"splits_seen": {"test": "trained on"}}, "test of fer2013 was seen by 'older' (trained on)", id="seen"
        ),
        pytest.param({"num_rows": 39}, "'older' and 'compact' did not answer the same rows", id="fewer rows"),
        pytest.param(
            {"labels": np.zeros(40, np.int64)}, "'older' and 'compact' were not given the same labels", id="labels"
        ),
        pytest.param(
            {"expressions": ("happy", "angry", "sad")},
            "'older' and 'compact' were not given the same labels",
            id="class order",
        ),
    ],
)
def test_open_test_split_refuses_a_reference(make_predictions, tmp_path, changes, message):
    reference = make_predictions(model="older", **changes)
    with pytest.raises(ProtocolError, match=re.escape(message)):
        open_test_split(make_predictions(), results_folder=tmp_path, recipe={}, reference=reference)
    assert not list(tmp_path.iterdir())


def test_open_test_split_records_the_choice_beside(make_predictions, tmp_path):
    choice = make_predictions(60, random_seed=5, split="validation")
    record = open_test_split(make_predictions(), results_folder=tmp_path, recipe={}, choice=choice)
    figures = figures_for_choice(choice).all_rows
    assert record.content["choice"] == {
        "split": "validation",
        "num_rows": 60,
        "accuracy": figures.accuracy,
        "accuracy_interval": list(figures.accuracy_interval),
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param(
            {"weights_fingerprint": "weights-2"},
            "the choice on validation has another weights_fingerprint: 'weights-2'; expected 'weights-1'",
            id="weights",
        ),
        pytest.param({"views": ("plain",)}, "the choice on validation has another views: ('plain',)", id="views"),
        pytest.param(
            {"is_selection": True}, "validation of fer2013 is told whole; these are 40 of its rows", id="rows"
        ),
        pytest.param({"split": "test"}, "nothing is chosen on test of fer2013", id="test"),
    ],
)
def test_open_test_split_refuses_a_choice(make_predictions, tmp_path, changes, message):
    choice = make_predictions(**{"split": "validation", **changes})
    with pytest.raises(ProtocolError, match=re.escape(message)):
        open_test_split(make_predictions(), results_folder=tmp_path, recipe={}, choice=choice)
    assert not list(tmp_path.iterdir())


def test_open_test_split_numbers_each_of_many_openings_at_once(make_predictions, tmp_path):
    def open_once(index: int) -> int:
        predictions = make_predictions(model=f"run-{index}")
        return open_test_split(predictions, results_folder=tmp_path, recipe={}, shipped_name=None).number

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(open_once, range(24)))
    assert sorted(numbers) == list(range(1, 25))
    records = list_records(tmp_path)
    assert [record.number for record in records] == list(range(1, 25))
    assert [record.content["openings_before"] for record in records] == list(range(24))


def test_open_test_split_passes_over_a_claim_and_an_orphan(make_predictions, tmp_path):
    folder = tmp_path / "official" / "fer2013"
    folder.mkdir(parents=True)
    (folder / ".0002.claim").touch()
    (folder / "0003-killed.npz").touch()
    record = open_test_split(make_predictions(), results_folder=tmp_path, recipe={})
    assert record.number == 4
    assert record.content["openings_before"] == 3  # what broke off may have been looked at


def test_open_test_split_counts_a_record_that_was_taken_away(make_predictions, tmp_path):
    first, second = (open_test_split(make_predictions(), results_folder=tmp_path, recipe={}) for _ in range(2))
    first.file.unlink()
    first.predictions_file.unlink()
    third = open_test_split(make_predictions(), results_folder=tmp_path, recipe={})
    assert (second.number, third.number, third.content["openings_before"]) == (2, 3, 2)


def test_open_test_split_keeps_protocols_apart_and_counts_them_together(make_predictions, tmp_path):
    open_test_split(make_predictions(), results_folder=tmp_path, recipe={})
    clean = open_test_split(make_predictions(protocol="clean"), results_folder=tmp_path, recipe={})
    assert clean.file.relative_to(tmp_path).as_posix() == "clean/fer2013/0001-compact.json"
    assert (clean.protocol, clean.content["openings_before"]) == ("clean", 1)
    assert [record.protocol for record in list_records(tmp_path)] == ["clean", "official"]


@pytest.mark.parametrize("names", [{"model": "bad/name"}, {"shipped_name": "bad name"}, {"data_set": "../up"}])
def test_check_may_open_refuses_names_that_cannot_name_a_file(tmp_path, names):
    facts = {"model": "some", "shipped_name": None, "data_set": "fer2013", **names}
    with pytest.raises(ProtocolError, match="cannot name a file"):
        check_may_open(**facts, results_folder=tmp_path)


def test_check_may_open_refuses_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(MienError, match="results"):
        check_may_open(
            model="some", shipped_name=None, data_set="fer2013", results_folder=tmp_path / "file" / "results"
        )


@pytest.mark.parametrize("failing_write", [1, 2], ids=["predictions", "record"])
def test_open_test_split_leaves_nothing_behind_on_a_full_disk(make_predictions, tmp_path, monkeypatch, failing_write):
    whole = open_test_split(make_predictions(), results_folder=tmp_path, recipe={})
    before = {each.name: each.read_bytes() for each in whole.file.parent.iterdir()}
    calls: list[object] = []
    really_replace = os.replace

    def fill(source, target) -> None:
        calls.append(target)
        if len(calls) == failing_write:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        really_replace(source, target)

    monkeypatch.setattr(os, "replace", fill)
    with pytest.raises(MienError, match=r"0002-compact\.\w+: cannot be written: no space left on the device"):
        open_test_split(make_predictions(), results_folder=tmp_path, recipe={})
    assert {each.name: each.read_bytes() for each in whole.file.parent.iterdir()} == before
    assert len(calls) == failing_write


def test_open_test_split_says_in_one_line_that_the_folder_cannot_be_made(make_predictions, tmp_path):
    (tmp_path / "results").write_text("a file")
    with pytest.raises(MienError, match="cannot be written: part of the path is a file, expected a folder"):
        open_test_split(make_predictions(), results_folder=tmp_path / "results", recipe={})


def test_open_test_split_gives_what_read_record_reads(make_predictions, tmp_path):
    record = open_test_split(make_predictions(), results_folder=tmp_path, recipe={2: "two", 10: "ten"})
    assert read_record(record.file) == record
    assert record.content["recipe"] == {"2": "two", "10": "ten"}
