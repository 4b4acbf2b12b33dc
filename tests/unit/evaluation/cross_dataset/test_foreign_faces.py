from pathlib import Path

import numpy as np
import pytest

from mien.data import read_dataset
from mien.errors import DataError
from mien.evaluation.cross_dataset.foreign_faces import find_splits, prepare_alike
from mien.images.preparation import prepare_faces
from mien.training.data_settings import DataSettings
from mien.training.training_data import TrainingData, read_training_data
from tests.made_datasets import make_ck_plus, make_class_folders


def read_own(csv: Path, *steps: str) -> TrainingData:
    return read_training_data(DataSettings(path=str(csv), prepare=steps))


@pytest.mark.parametrize(
    ("split", "expected"),
    [("all-but-test", ("training",)), ("training", ("training",)), ("test", ("test",))],
)
def test_splits_are_those_that_have_rows(make_other, split: str, expected: tuple[str, ...]) -> None:
    assert find_splits(make_other(["happy", "angry"], splits=["training", "test"]), split) == expected


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ("validation", "other has no validation rows; it has 1 training, 1 test"),
        ("all", "unknown split 'all'; expected all-but-test, training, validation, test"),
    ],
)
def test_splits_without_rows_are_refused(make_other, split: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        find_splits(make_other(["happy", "angry"], splits=["training", "test"]), split)


def test_colour_faces_of_another_size_become_what_the_own_were(fer2013_csv: Path, make_other) -> None:
    faces = np.random.default_rng(0).integers(0, 256, size=(2, 40, 44, 3)).astype(np.uint8)
    prepared = prepare_alike(read_own(fer2013_csv, "equalize_histogram"), make_other(["happy", "angry"], faces=faces))
    expected = prepare_faces(faces, ["to_grey", "resize:size_hw=[48,48]", "equalize_histogram"])
    np.testing.assert_array_equal(prepared.faces, expected)


def test_steps_keep_what_they_were_fitted_to(fer2013_csv: Path, make_other) -> None:
    own = read_own(fer2013_csv, "featurewise_center")
    other = make_other(["happy", "angry"])
    before = own.before.faces[own.before.splits == "training"].astype(np.float64)
    expected = other.faces - before.mean()
    np.testing.assert_allclose(prepare_alike(own, other).faces, expected, atol=1e-2)


def test_files_of_any_size_are_prepared_too(fer2013_csv: Path, tmp_path: Path) -> None:
    other = read_dataset("ck_plus", make_ck_plus(tmp_path).path)
    assert prepare_alike(read_own(fer2013_csv), other).faces.shape == (len(other), 48, 48)


def test_grey_faces_become_colour_where_the_own_were(make_other) -> None:
    colour = make_other(["happy", "angry"], faces=np.zeros((2, 40, 40, 3), dtype=np.uint8))
    other = make_other(["happy", "angry"])
    faces = prepare_alike(TrainingData(colour, (), colour), other).faces
    assert faces.shape == (2, 40, 40, 3)
    np.testing.assert_array_equal(faces[..., 0], prepare_faces(other.faces, ["resize:size_hw=[40,40]"]))


def test_a_runs_steps_on_whole_pictures_run_unless_others_are_given(tmp_path: Path, make_other) -> None:
    files = read_dataset("ck_plus", make_ck_plus(tmp_path).path)
    own = make_other(["happy", "angry"], faces=np.zeros((2, 32, 32), dtype=np.uint8))
    steps = ({"operation": "crop_face", "detector": "none"}, {"operation": "to_grey"})
    data = TrainingData(own, (*steps, {"operation": "resize", "size_hw": [32, 32]}), files)
    prepared = prepare_alike(data, make_other(["happy", "angry"]))
    assert "crop_face:detector=none" in prepared.history[-1]
    assert "crop_face" not in prepare_alike(data, make_other(["happy"]), steps="clahe").history[-1]


def test_own_steps_come_first(fer2013_csv: Path, make_other) -> None:
    other = make_other(["happy", "angry"])
    prepared = prepare_alike(read_own(fer2013_csv), other, steps="equalize_histogram")
    np.testing.assert_array_equal(prepared.faces, prepare_faces(other.faces, ["equalize_histogram"]))


def test_faces_that_come_out_otherwise_are_refused(fer2013_csv: Path, make_other) -> None:
    with pytest.raises(
        DataError, match="other: its faces are prepared to 48x48 grey float32, those of fer2013 were 48x48 "
    ):
        prepare_alike(read_own(fer2013_csv), make_other(["happy", "angry"]), steps="scale")


def test_a_set_of_folders_is_resized(fer2013_csv: Path, tmp_path: Path) -> None:
    other = read_dataset("class_folders", make_class_folders(tmp_path).path)
    assert prepare_alike(read_own(fer2013_csv), other).faces.shape == (len(other), 48, 48)
