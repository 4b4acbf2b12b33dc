import errno
import json
import os
import re
import zipfile
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import DataError, MienError
from mien.metrics.predictions import Predictions


def _assert_equal(one: Predictions, other: Predictions) -> None:
    for each in fields(Predictions):
        first, second = getattr(one, each.name), getattr(other, each.name)
        if isinstance(first, np.ndarray):
            np.testing.assert_array_equal(first, second)
            assert first.dtype == second.dtype
        else:
            assert (type(first), first) == (type(second), second)


def test_predicted_and_is_right(make_predictions):
    probabilities = np.array([[0.2, 0.5, 0.3], [0.4, 0.4, 0.2]], dtype=np.float32)
    predictions = make_predictions(2, probabilities=probabilities, labels=np.array([1, 1]))
    assert predictions.predicted.tolist() == [1, 0]  # of equal ones the first
    assert predictions.predicted.dtype == np.int64
    assert predictions.is_right.tolist() == [True, False]
    assert len(predictions) == 2


def test_load_gives_back_what_save_wrote(make_predictions, tmp_path):
    predictions = make_predictions(50, is_leaky=True, row_ids=np.array([f"né {row}" for row in range(50)]))
    file = predictions.save(tmp_path / "deep" / "predictions.npz")
    _assert_equal(Predictions.load(file), predictions)


def test_load_gives_back_forerunners(make_predictions, tmp_path):
    listed = ({"source": "a", "data_set": "fer2013", "splits_seen": {"training": "trained on"}},)
    predictions = make_predictions(forerunners=listed)
    _assert_equal(Predictions.load(predictions.save(tmp_path / "predictions.npz")), predictions)


def test_save_without_forerunners_writes_what_earlier_versions_read(make_predictions, tmp_path):
    with np.load(make_predictions().save(tmp_path / "predictions.npz")) as arrays:
        assert "forerunners" not in json.loads(str(arrays["facts"]))


def test_unknown_sources_are_those_of_unknown_data(make_predictions):
    listed = ({"source": "a", "data_set": "fer2013"}, {"source": "b", "data_set": "unknown"})
    assert make_predictions(forerunners=listed).unknown_sources == ("b",)
    assert make_predictions().unknown_sources == ()


def test_save_gives_the_same_bytes_again_and_no_pickle(make_predictions, tmp_path):
    first = make_predictions().save(tmp_path / "a.npz")
    second = make_predictions().save(tmp_path / "b.npz")
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        assert all(info.compress_type == zipfile.ZIP_DEFLATED for info in archive.infolist())
    with np.load(first, allow_pickle=False) as arrays:
        assert all(arrays[name].dtype != object for name in arrays.files)


def test_save_leaves_the_old_file_when_the_disk_is_full(make_predictions, tmp_path, monkeypatch):
    file = make_predictions().save(tmp_path / "predictions.npz")
    before = file.read_bytes()

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(MienError, match=r"predictions\.npz: cannot be written: no space left"):
        make_predictions(60).save(file)
    assert file.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["predictions.npz"]


def test_select_keeps_the_marked_rows(make_predictions):
    predictions = make_predictions(10)
    some = predictions.select(np.arange(10) % 2 == 1)
    assert some.row_ids.tolist() == predictions.row_ids[1::2].tolist()
    np.testing.assert_array_equal(some.probabilities, predictions.probabilities[1::2])
    assert some.is_selection
    assert not predictions.select(np.ones(10, bool)).is_selection
    assert some.select(np.ones(5, bool)).is_selection


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        pytest.param(np.ones(3, bool), "the mask is bool (3,); expected bool (10,)", id="length"),
        pytest.param(np.ones(10, np.int64), "the mask is int64 (10,); expected bool (10,)", id="type"),
        pytest.param(np.zeros(10, bool), "the mask marks none of the 10 rows", id="none"),
    ],
)
def test_select_refuses(make_predictions, mask, message):
    with pytest.raises(DataError, match=re.escape(message)):
        make_predictions(10).select(mask)


def _broken(name: str, row: int, value: float) -> np.ndarray:
    array = {"probabilities": np.full((4, 3), 1 / 3, np.float32), "labels": np.zeros(4, np.int64)}[name]
    array[row] = value
    return array


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param(
            {"probabilities": np.full((4, 2), 0.5, np.float32)},
            "probabilities are float32 (4, 2); expected float32 (4, 3)",
            id="classes",
        ),
        pytest.param(
            {"probabilities": np.full((4, 3), 1 / 3)},
            "probabilities are float64 (4, 3); expected float32 (4, 3)",
            id="float64",
        ),
        pytest.param({"labels": np.zeros(4, np.int32)}, "labels are int32 (4,); expected int64 (4,)", id="int32"),
        pytest.param(
            {"has_copy_in_training": np.zeros(3, bool)},
            "has_copy_in_training are bool (3,); expected bool (4,)",
            id="mask length",
        ),
        pytest.param({"row_ids": np.arange(4)}, "row_ids are int64; expected str", id="numbers as ids"),
        pytest.param({"row_ids": np.array(["a", "b"])}, "row_ids are <U1 (2,); expected <U1 (4,)", id="ids"),
        pytest.param({"row_ids": np.array(list("abca"))}, "3 different row ids for 4 rows", id="ids twice"),
        pytest.param({"labels": _broken("labels", 2, 3)}, "labels lie in 0..3; expected 0..2", id="label too large"),
        pytest.param({"labels": _broken("labels", 2, -1)}, "labels lie in -1..0; expected 0..2", id="label negative"),
        pytest.param(
            {"probabilities": _broken("probabilities", 1, np.nan)},
            "row 1 has a probability that is not finite; expected 0 to 1",
            id="nan",
        ),
        pytest.param(
            {"probabilities": _broken("probabilities", 3, 0.4)},
            "row 3 sums to 1.200000; expected 1 within 0.0001; compute the softmax in float32",
            id="sum",
        ),
        pytest.param(
            {"probabilities": np.array([[1.5, -0.5, 0]] * 4, dtype=np.float32)},
            "probabilities lie in -0.5 to 1.5; expected 0 to 1",
            id="range",
        ),
        pytest.param(
            {"probabilities": np.array([[0.7, 0.5, -0.2]] * 4, dtype=np.float32)},
            "probabilities lie in -0.2 to 0.7; expected 0 to 1",
            id="negative",
        ),
        pytest.param({"model": " "}, "model is ' '; expected a text that is not empty", id="no model"),
        pytest.param({"weights_fingerprint": None}, "weights_fingerprint is None; expected a text", id="no weights"),
        pytest.param({"split": "PrivateTest"}, "unknown split 'PrivateTest'; expected training, valid", id="split"),
        pytest.param({"splits_seen": {"train": "trained on"}}, "unknown split 'train'; expected training", id="seen"),
        pytest.param({"views": ()}, "expected at least one view, and no class twice", id="no view"),
        pytest.param({"expressions": ("a", "b", "a")}, "expected at least one view, and no class twice", id="twice"),
        pytest.param(
            {"is_leaky": np.True_}, "is_leaky is <class 'numpy.bool'>; expected <class 'bool'>", id="numpy bool"
        ),
        pytest.param({"seed": 1.0}, "seed is <class 'float'>; expected <class 'int'>", id="seed"),
    ],
)
def test_predictions_refuse(make_predictions, changes, message):
    with pytest.raises(DataError, match=re.escape(message)) as raised:
        make_predictions(4, **changes)
    assert "\n" not in str(raised.value)


def test_predictions_refuse_no_rows(make_predictions):
    with pytest.raises(DataError, match="there are no rows; expected at least one"):
        make_predictions(0)


def test_load_refuses_a_missing_file(tmp_path):
    with pytest.raises(DataError, match=r"absent\.npz: no such file; expected predictions"):
        Predictions.load(tmp_path / "absent.npz")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"PK\x03\x04 not really", id="not a zip"),
        pytest.param(b"model,accuracy\n", id="text"),
    ],
)
def test_load_refuses_a_foreign_file(tmp_path, data):
    file = tmp_path / "foreign.npz"
    file.write_bytes(data)
    with pytest.raises(DataError, match=r"foreign\.npz: damaged, or not predictions"):
        Predictions.load(file)


def test_load_refuses_another_archive(tmp_path):
    file = tmp_path / "other.npz"
    np.savez(file, weights=np.zeros(3))
    with pytest.raises(DataError, match=r"other\.npz: damaged, or not predictions"):
        Predictions.load(file)


def test_load_refuses_another_format(make_predictions, tmp_path, monkeypatch):
    monkeypatch.setattr("mien.metrics.predictions.FORMAT", "mien predictions 99")
    file = make_predictions().save(tmp_path / "later.npz")
    monkeypatch.undo()
    with pytest.raises(DataError, match=r"later\.npz: damaged, or not predictions \(mien predictions 1\)"):
        Predictions.load(file)


def test_load_names_the_file_when_its_contents_do_not_hold(make_predictions, tmp_path):
    file = make_predictions(4).save(tmp_path / "edited.npz")
    with np.load(file) as archive:
        arrays = dict(archive)
    np.savez(file, **{**arrays, "labels": arrays["labels"] + 5})
    with pytest.raises(DataError, match=r"edited\.npz: predictions of 'compact' on test of fer2013: labels lie in 5"):
        Predictions.load(file)


class _Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.file,)


def test_load_never_unpickles(make_predictions, tmp_path):
    file = make_predictions(4).save(tmp_path / "trap.npz")
    with np.load(file) as archive:
        arrays = dict(archive)
    np.savez(file, **{**arrays, "row_ids": np.array([_Trap(tmp_path / "sprung")] * 4)})
    with pytest.raises(DataError, match=r"trap\.npz: damaged, or not predictions"):
        Predictions.load(file)
    assert not (tmp_path / "sprung").exists()


@pytest.fixture(scope="module")
def saved(make_predictions, tmp_path_factory) -> tuple[Path, bytes]:
    folder = tmp_path_factory.mktemp("damaged")
    data = make_predictions(12).save(folder / "whole.npz").read_bytes()
    return folder / "damaged.npz", data


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_load_of_a_damaged_file_is_an_error_or_changes_nothing(make_predictions, saved, data):
    file, whole = saved
    broken = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    file.write_bytes(bytes(broken[: data.draw(st.integers(len(whole) // 2, len(whole)))]))
    try:
        loaded = Predictions.load(file)
    except DataError as error:
        assert str(error).startswith(f"{file}: ")  # noqa: PT017 - some damage, to a time stamp say, is harmless
    else:
        _assert_equal(loaded, make_predictions(12))


def test_load_refuses_every_cut(saved):
    file, whole = saved
    for length in range(0, len(whole), 37):
        file.write_bytes(whole[:length])
        with pytest.raises(DataError, match="damaged, or not predictions"):
            Predictions.load(file)


def test_predictions_can_be_replaced_field_by_field(make_predictions):
    assert replace(make_predictions(), split="validation").split == "validation"
