"""What is known to be wrong with FER2013 must come out of its audit."""

import io
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from PIL import Image

from mien.data import FaceSet
from mien.data.audit import Findings, audit
from mien.data.audit.key_figures import count_findings
from mien.data.audit.near_duplicates import find_near_pairs
from mien.data.cleaning import clean, plan_cleaning
from mien.data.datasets.fer2013 import read_fer2013


@pytest.fixture(scope="module")
def fer2013(real_fer2013_csv) -> FaceSet:
    return read_fer2013(real_fer2013_csv)


@pytest.fixture(scope="module")
def findings(fer2013: FaceSet) -> Findings:
    """Everything but near duplicates and faces, which take longer."""
    return audit(fer2013, least_similarity=None)


def test_identical_pictures_are_counted_as_published(findings: Findings) -> None:
    identical = count_findings(findings)["identical"]
    assert identical["redundant"] == 1857
    by_class = identical["redundant_by_class"]
    assert (by_class["fear"], by_class["sad"], by_class["surprise"]) == (296, 157, 747)
    assert (identical["conflicting_groups"], identical["conflicting_rows"], identical["unequal_pairs"]) == (
        58,
        161,
        141,
    )
    across = identical["rows_with_copy_in"]
    assert across["validation"]["training"] == 280
    assert (across["test"]["training"], across["test"]["validation"]) == (289, 44)
    assert identical["training_rows_with_copy_in_another_split"] == 694


def test_black_pictures_and_votes_are_counted(findings: Findings, fer2013: FaceSet) -> None:
    figures = count_findings(findings)
    assert figures["blank"]["black"] == 12
    if fer2013.votes is None:
        pytest.skip("fer2013new.csv does not lie beside the CSV")
    assert figures["votes"]["not_a_face_rows"] == 176


def test_texts_and_icons_are_the_brightest_outliers(findings: Findings, fer2013: FaceSet) -> None:
    is_bright = findings.outlier["brightness"] == "high"
    assert int(is_bright.sum()) == 54
    if fer2013.votes is None:
        pytest.skip("fer2013new.csv does not lie beside the CSV")
    brightest = np.argsort(-np.where(is_bright, findings.brightness, 0), kind="stable")[:29]
    assert (findings.not_a_face_votes[brightest] == 10).all()
    assert findings.not_a_face_votes[is_bright].sum() < 29 * 10 + 25


def test_cleaning_as_a_study_did_leaves_about_as_many_rows(findings: Findings, fer2013: FaceSet) -> None:
    rules = ["conflicting_labels", "outliers:brightness_high"]
    left = len(clean(fer2013, findings, rules, splits="all"))
    assert abs(left - 35_699) <= 54 - 28 + 161 - 160
    counts = plan_cleaning(findings, ["exact_duplicates"], splits="all").counts["exact_duplicates"]
    assert sum(counts.values()) == 1857


def jpeg(face: np.ndarray, _number: int) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(face).save(buffer, "JPEG", quality=60)
    return np.asarray(Image.open(buffer).convert("L"))


def shifted(face: np.ndarray, number: int) -> np.ndarray:
    """Return the face shifted by 2 pixels into one of eight directions."""
    down, right = [(down, right) for down in (-2, 0, 2) for right in (-2, 0, 2) if down or right][number % 8]
    return np.pad(face, 2, mode="edge")[2 + down : 50 + down, 2 + right : 50 + right]


def mirrored(face: np.ndarray, _number: int) -> np.ndarray:
    return face[:, ::-1]


def cropped(face: np.ndarray, _number: int) -> np.ndarray:
    return cv2.resize(face[2:-2, 2:-2], (48, 48), interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize(("change", "least_recall"), [(jpeg, 0.99), (shifted, 0.99), (mirrored, 0.95), (cropped, 0.95)])
def test_planted_near_duplicates_are_found(
    fer2013: FaceSet, change: Callable[[np.ndarray, int], np.ndarray], least_recall: float
) -> None:
    rows = np.random.default_rng(0).choice(len(fer2013), 600, replace=False)
    faces = np.stack([fer2013.faces[row] for row in rows if fer2013.faces[row].std() >= 5])
    planted = np.stack([change(face, number) for number, face in enumerate(faces)])
    pairs = find_near_pairs(np.concatenate([faces, planted]))
    found = int((pairs.second - pairs.first == len(faces)).sum())
    assert found >= least_recall * len(faces)


@pytest.mark.slow
def test_the_whole_audit_finds_near_duplicates_across_splits(fer2013: FaceSet) -> None:
    near = count_findings(audit(fer2013))["near"]
    assert near["rows"] == pytest.approx(8_900, rel=0.02)
    assert near["rows_with_near_copy_in"]["test"]["training"] == pytest.approx(829, rel=0.02)


@pytest.mark.slow
def test_the_face_filter_of_a_study_keeps_fewer_than_published(fer2013: FaceSet) -> None:
    seen = audit(fer2013, least_similarity=None, detectors=["haar_alt_48"])
    kept = int(seen.has_face["haar_alt_48"].sum())
    assert 22_000 < kept < 27_783  # its second, HOG detector is not here
