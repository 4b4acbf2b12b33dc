import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import DataError, ProtocolError
from mien.evaluation.conformal import measure_sets
from mien.evaluation.protocol import open_test_split
from mien.evaluation.records import (
    OLD_FORMAT,
    REQUIRED,
    Record,
    canonical_json,
    compare_with,
    list_records,
    read_record,
    recompute,
    seal_of,
    sealed_text,
    sha256_of,
)
from mien.metrics.predictions import Predictions
from mien.recognition.conformal import ConformalSets

REPOSITORY = Path(__file__).resolve().parents[3]
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture
def record(make_predictions, tmp_path) -> Record:
    return open_test_split(make_predictions(80), results_folder=tmp_path, recipe={"epochs": 30})


def _reseal(record: Record, **changes: Any) -> Record:
    """Forge a record: other content under a seal that holds."""
    record.file.write_text(sealed_text({**record.content, **changes}))
    return read_record(record.file)


@given(st.dictionaries(st.text(), PLAIN, max_size=5))
def test_seal_of_survives_writing_and_reading(content):
    content.pop("seal", None)
    read = json.loads(sealed_text(content))
    assert read.pop("seal") == seal_of(content) == seal_of(read)


def test_seal_of_is_the_sha256_of_canonical_json():
    assert canonical_json({"b": "é", "a": [1, None]}) == '{"a":[1,null],"b":"\\u00e9"}'
    assert seal_of({"b": 1, "a": 2}) == hashlib.sha256(b'{"a":2,"b":1}').hexdigest()


@pytest.mark.parametrize("function", [canonical_json, seal_of, sealed_text])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), Path("a"), np.float32(1)], ids=str)
def test_sealing_refuses_what_json_does_not_know(function, value):
    with pytest.raises(ProtocolError, match="a record holds only what JSON knows, and no NaN"):
        function({"figure": value})


def test_read_record_gives_names_and_figures(record):
    read = read_record(record.file)
    assert (read.number, read.model, read.data_set, read.shipped_name) == (1, "compact", "fer2013", None)
    assert read.figures.all_rows.num_rows == 80
    assert read.figures.kind == "judgement"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param('"seed": 3', '"seed": 4', id="a number"),
        pytest.param('"model": "compact"', '"model": "better"', id="a name"),
        pytest.param('"is_leaky": false', '"is_leaky": true', id="a flag"),
        pytest.param('  "shipped_name": null,\n', "", id="a line taken out"),
        pytest.param('  "shipped_name": null,\n', '  "shipped_name": null,\n  "note": 1,\n', id="a line put in"),
    ],
)
def test_read_record_refuses_an_altered_file(record, old, new):
    text = record.file.read_text()
    assert old in text
    record.file.write_text(text.replace(old, new))
    with pytest.raises(ProtocolError) as raised:
        read_record(record.file)
    assert str(raised.value) == f"{record.file}: altered since it was sealed; restore it from the history"


def test_read_record_refuses_every_changed_digit_of_the_accuracy(record):
    text = record.file.read_text()
    accuracy = str(record.figures.all_rows.accuracy)
    for place, digit in enumerate(accuracy):
        if digit.isdigit():
            changed = accuracy[:place] + str((int(digit) + 1) % 10) + accuracy[place + 1 :]
            record.file.write_text(text.replace(accuracy, changed, 1))
            with pytest.raises(ProtocolError, match=r"altered since it was sealed|not a record"):
                read_record(record.file)


def test_read_record_takes_another_layout_of_the_same_content(record):
    record.file.write_text(json.dumps(json.loads(record.file.read_text()), sort_keys=True))
    assert read_record(record.file).content == record.content


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "not a record of mien (Expecting value", id="empty"),
        pytest.param("[1]", "not a record of mien (expected one JSON object)", id="a list"),
        pytest.param("{}", "not a record of mien (expected the format 'mien record 2' and a seal)", id="no seal"),
        pytest.param('{"a": 1, "a": 2}', "not a record of mien (a key stands twice)", id="a key twice"),
        pytest.param('{"a": NaN}', "not a record of mien (NaN is no JSON number)", id="nan"),
        pytest.param('{"seal": "0", "format": "x"}', "expected the format 'mien record 2'", id="another format"),
    ],
)
def test_read_record_refuses_a_foreign_file(tmp_path, text, message):
    file = tmp_path / "0001-x.json"
    file.write_text(text)
    with pytest.raises(ProtocolError, match=re.escape(message)) as raised:
        read_record(file)
    assert str(raised.value).startswith(f"{file}: ")


def test_read_record_refuses_bytes_that_are_no_text(tmp_path):
    file = tmp_path / "0001-x.json"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ProtocolError, match="not a record of mien"):
        read_record(file)


def test_read_record_refuses_a_missing_file(tmp_path):
    with pytest.raises(ProtocolError, match=r"absent\.json: no such record"):
        read_record(tmp_path / "absent.json")


@pytest.mark.parametrize("name", [name for name in REQUIRED if name != "format"])
def test_read_record_refuses_a_sealed_file_that_lacks_something(record, name):
    content = {key: value for key, value in record.content.items() if key != name}
    record.file.write_text(sealed_text(content))
    with pytest.raises(ProtocolError, match=f"not a record of mien \\('{name}' is missing\\)"):
        read_record(record.file)


def test_read_record_refuses_sealed_figures_of_something_else(record):
    with pytest.raises(ProtocolError, match="its figures are of another model or data set"):
        _reseal(record, model="other")
    with pytest.raises(ProtocolError, match="these are not figures of mien"):
        _reseal(record, figures={"accuracy": 1.0})


def test_list_records_orders_by_data_set_and_number(make_predictions, tmp_path):
    for model, data_set in [("b", "rafdb"), ("z", "fer2013"), ("a", "fer2013")]:
        open_test_split(make_predictions(model=model, data_set=data_set), results_folder=tmp_path, recipe={})
    listed = [(record.data_set, record.number, record.model) for record in list_records(tmp_path)]
    assert listed == [("fer2013", 1, "z"), ("fer2013", 2, "a"), ("rafdb", 1, "b")]
    assert [record.model for record in list_records(tmp_path, data_set="rafdb")] == ["b"]


def test_list_records_passes_over_other_files(record, tmp_path):
    for name in ("notes.json", ".0002-compact.ab12.partial.json", ".0003.claim", "README.md"):
        (record.file.parent / name).write_text("{}")
    assert [each.number for each in list_records(tmp_path)] == [1]


def test_list_records_of_an_absent_folder_is_empty(tmp_path):
    assert list_records(tmp_path / "absent") == []


def test_list_records_refuses_to_leave_an_altered_one_out(record, tmp_path):
    record.file.write_text(record.file.read_text().replace("fer2013", "fer2014"))
    with pytest.raises(ProtocolError, match="altered since it was sealed"):
        list_records(tmp_path)


def test_recompute_gives_the_recorded_figures(record):
    assert recompute(record).to_dict() == record.figures.to_dict()


def test_recompute_checks_the_bootstrap_intervals(record):
    figures = record.content["figures"]
    drawn = figures["all_rows"]["bootstrap"]
    assert drawn["num_draws"] == 10_000
    for forged in (None, {**drawn, "seed": 1}, {**drawn, "intervals": {**drawn["intervals"], "macro_f1": [0.5, 0.6]}}):
        rows = {**figures["all_rows"], "bootstrap": forged}
        with pytest.raises(ProtocolError, match=r"figures\.all_rows\.bootstrap.* is .* in the record and .* from its"):
            recompute(_reseal(record, figures={**figures, "all_rows": rows}))


def _as_old(record: Record, **changes: Any) -> Record:
    """The record as it was sealed before there were more figures."""
    figures = json.loads(json.dumps(record.content["figures"]))
    for rows in (figures["all_rows"], figures["rows_without_copy"]):
        for name in ("top_2_accuracy", "weighted_f1", "cohen_kappa", "brier_score", "bootstrap"):
            del rows[name]
        for each in rows["per_class"]:
            del each["precision_interval"], each["recall_interval"]
    figures["all_rows"] |= changes
    return _reseal(record, format=OLD_FORMAT, figures=figures)


def test_an_old_record_is_read_and_its_figures_of_today_come_back(record):
    new = recompute(record)
    old = _as_old(record)
    assert np.isnan(old.figures.all_rows.cohen_kappa)
    assert old.figures.all_rows.bootstrap is None
    assert recompute(old).to_dict() == new.to_dict()


def test_recompute_checks_every_figure_that_an_old_record_holds(record):
    for name in ("accuracy", "macro_f1", "log_loss", "cohen_kappa"):
        with pytest.raises(ProtocolError, match=rf"figures\.all_rows\.{name} is 0\.123 in the record and"):
            recompute(_as_old(record, **{name: 0.123}))
    with pytest.raises(ProtocolError, match=r"figures\.all_rows\.num_right is 1 in the record"):
        recompute(_as_old(record, num_right=1))


def test_the_sealed_record_of_the_shipped_model_agrees_with_its_predictions():
    shipped = read_record(REPOSITORY / "results" / "official" / "fer2013" / "0001-compact.json")
    assert shipped.is_old
    figures = recompute(shipped)
    assert figures.all_rows.num_right == 2480
    assert figures.all_rows.cohen_kappa == pytest.approx(0.626, abs=5e-4)


def test_a_new_record_must_hold_what_an_old_one_does_not(record):
    rows = {name: value for name, value in record.content["figures"]["all_rows"].items() if name != "brier_score"}
    with pytest.raises(ProtocolError, match=r"figures\.all_rows is .* in the record and .* from its predictions"):
        recompute(_reseal(record, figures={**record.content["figures"], "all_rows": rows}))


def test_recompute_allows_for_rounding_only(record):
    figures = record.content["figures"]
    rows = figures["all_rows"]
    near = {**rows, "log_loss": rows["log_loss"] * (1 + 1e-12)}
    far = {**rows, "log_loss": rows["log_loss"] * (1 + 1e-6)}
    recompute(_reseal(record, figures={**figures, "all_rows": near}))
    with pytest.raises(ProtocolError, match=r"figures\.all_rows\.log_loss is .* in the record and .* from its predic"):
        recompute(_reseal(record, figures={**figures, "all_rows": far}))


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ({"temperature": None}, "none"),
        ({"temperature": 0.9}, "temperature"),
        ({"temperature": 1.0, "calibrator": "vector"}, "vector"),
    ],
    ids=["before temperatures", "before calibrators", "now"],
)
def test_a_record_says_what_calibrated_its_probabilities(facts, name):
    assert Record(Path("0001-a.json"), facts).calibrator == name


def test_recompute_catches_forged_sets(make_predictions, tmp_path):
    predictions = make_predictions()
    sets = [measure_sets(ConformalSets("lac", 0.9, 0.8), predictions)]
    record = open_test_split(predictions, results_folder=tmp_path, recipe={}, sets=sets)
    recompute(record)
    (entry,) = record.content["sets"]
    forged = _reseal(record, sets=[{**entry, "coverage": entry["coverage"] + 0.01}])
    with pytest.raises(ProtocolError, match=r"sets\.coverage is .* in the record and .* from its predictions"):
        recompute(forged)


def _with_one_more_right(figures: dict[str, Any]) -> dict[str, Any]:
    rows = figures["all_rows"]
    return {**figures, "all_rows": {**rows, "num_right": rows["num_right"] + 1}}


@pytest.mark.parametrize(
    ("name", "change", "place"),
    [
        pytest.param("figures", _with_one_more_right, "figures.all_rows.num_right", id="figures"),
        pytest.param("figures", lambda old: {**old, "rows_without_copy": None}, "figures.rows_without_copy", id="none"),
        pytest.param("figures", lambda old: {**old, "kind": "plain"}, "figures.kind", id="kind"),
        pytest.param("weights_fingerprint", lambda _: "weights-2", "weights_fingerprint", id="weights"),
        pytest.param("seed", lambda old: old + 1, "seed", id="seed"),
        pytest.param("views", lambda old: old[:1], "views", id="views"),
        pytest.param("splits_seen", lambda old: {**old, "test": "no"}, "splits_seen", id="splits seen"),
        pytest.param("versions", lambda _: {"numpy": "1.0"}, "versions.numpy", id="versions"),
        pytest.param("is_leaky", lambda old: not old, "is_leaky", id="leaky"),
    ],
)
def test_recompute_catches_a_forged_record(record, name, change, place):
    forged = _reseal(record, **{name: change(record.content[name])})
    with pytest.raises(ProtocolError, match=re.escape(f"{record.file.name}: {place} is ")):
        recompute(forged)


def test_recompute_catches_changed_predictions(record):
    predictions = Predictions.load(record.predictions_file)
    row = int(np.flatnonzero(~predictions.is_right)[0])
    probabilities = predictions.probabilities.copy()
    probabilities[row] = np.eye(3, dtype=np.float32)[predictions.labels[row]]
    replace(predictions, probabilities=probabilities).save(record.predictions_file)
    with pytest.raises(ProtocolError, match=r"0001-compact\.npz is not the file that was judged"):
        recompute(record)
    with pytest.raises(ProtocolError, match=r"figures\.all_rows\.num_right is \d+ in the record and \d+ from its pre"):
        recompute(_reseal(record, predictions_sha256=sha256_of(record.predictions_file)))


def test_recompute_catches_another_file_with_the_same_figures(record):
    predictions = Predictions.load(record.predictions_file)
    renamed = np.array([f"other/{row}" for row in range(len(predictions))])
    replace(predictions, row_ids=renamed).save(record.predictions_file)
    with pytest.raises(ProtocolError, match=r"0001-compact\.npz is not the file that was judged"):
        recompute(record)


def test_recompute_needs_the_predictions(record):
    record.predictions_file.write_bytes(b"")
    with pytest.raises(DataError, match=r"0001-compact\.npz: damaged"):
        recompute(record)
    record.predictions_file.unlink()
    with pytest.raises(ProtocolError, match=r"its predictions 0001-compact\.npz are missing"):
        recompute(record)


def test_recompute_compares_with_the_reference_again(make_predictions, tmp_path):
    reference = make_predictions(80, random_seed=9, skill=0.5, model="older")
    record = open_test_split(make_predictions(80), results_folder=tmp_path, recipe={}, reference=reference)
    recompute(record)
    recompute(record, reference=reference)
    mcnemar = record.content["mcnemar"]
    with pytest.raises(ProtocolError, match=r"mcnemar\.p_value is 0\.5 in the record"):
        recompute(_reseal(record, mcnemar={**mcnemar, "p_value": 0.5}))
    with pytest.raises(ProtocolError, match=r"mcnemar\.only_\w+_right is "):
        recompute(record, reference=make_predictions(80, random_seed=10, skill=0.5, model="older"))


def test_compare_with_refuses_other_rows(make_predictions):
    with pytest.raises(ProtocolError, match="'older' and 'compact' did not answer the same rows: 12 and 10, 10 shared"):
        compare_with(make_predictions(10), make_predictions(12, model="older"))


def test_sha256_of_a_file(tmp_path):
    file = tmp_path / "a"
    file.write_bytes(b"mien")
    assert sha256_of(file) == hashlib.sha256(b"mien").hexdigest()
