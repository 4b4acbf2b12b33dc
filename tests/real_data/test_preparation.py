"""Preparation of the real FER2013: what is fitted, and that nothing in 35,887 faces breaks a step."""

from pathlib import Path

import numpy as np
import pytest

from mien.data import FaceSet, read_dataset
from mien.data.export import export_set
from mien.data.preparation import fit_and_prepare, prepare_set


@pytest.fixture(scope="module")
def fer2013(real_fer2013_csv: Path) -> FaceSet:
    return read_dataset("fer2013", real_fer2013_csv)


def test_gamma_equalisation_evens_out_the_light_and_leaves_black_faces_black(fer2013: FaceSet) -> None:
    equalized = prepare_set(fer2013, "gamma_equalize").faces
    before, after = fer2013.faces.mean(axis=(1, 2)) / 255, equalized.mean(axis=(1, 2))
    assert (after == 0).sum() == (before == 0).sum() == 12
    assert after[before > 0].std() / after.mean() < 0.1 < before.std() / before.mean()
    assert equalized.max() <= np.float32(100 / 255)


def test_feature_wise_standardisation_is_fitted_on_training(fer2013: FaceSet) -> None:
    prepared, (step,) = fit_and_prepare(fer2013, "featurewise_standardize")
    training = fer2013.split("training").faces
    assert step["mean"] == [pytest.approx(training.mean(dtype=np.float64))]
    assert prepared.split("training").faces.mean(dtype=np.float64) == pytest.approx(0, abs=1e-5)
    assert abs(prepared.split("test").faces.mean(dtype=np.float64)) > 1e-3


@pytest.mark.slow
def test_whitened_training_faces_have_nothing_in_common(fer2013: FaceSet) -> None:
    training = prepare_set(fer2013.split("training"), "zca_whiten").faces.reshape(-1, 48 * 48)
    some = training[:, ::37].astype(np.float64)
    np.testing.assert_allclose(np.cov(some.T), np.eye(some.shape[1]), atol=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("export_format", ["folders", "csv"])
def test_an_export_reads_back_as_the_same_data(fer2013: FaceSet, tmp_path: Path, export_format: str) -> None:
    export_set(fer2013, tmp_path / "out", export_format=export_format)  # type: ignore[arg-type]
    assert read_dataset("fer2013", tmp_path / "out").fingerprint == fer2013.fingerprint
