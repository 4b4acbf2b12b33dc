"""The whole audit, on sets in which leaks and faults were planted."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.data import FaceSet
from mien.data.audit import audit
from mien.errors import DataError
from tests.unit.data.audit.scenes import crop, make_scenes, make_set, recompress, shift, write_files

COUNT = 40


@pytest.mark.parametrize(
    "leak",
    [
        lambda scene: scene,
        lambda scene: scene[:, ::-1],
        crop,
        lambda scene: shift(scene, 2, -1),
        recompress,
        lambda scene: recompress(crop(scene[:, ::-1])),
    ],
    ids=["exact", "flipped", "cropped", "shifted", "recompressed", "flipped, cropped, recompressed"],
)
@pytest.mark.parametrize("split", ["validation", "test"])
def test_every_planted_leak_is_caught(leak: Callable[[np.ndarray], np.ndarray], split: str) -> None:
    scenes = make_scenes(2 * COUNT, seed=8)
    leaked = np.stack([leak(scene) for scene in scenes[:COUNT:4]])
    pictures = np.concatenate([scenes, leaked])
    splits = ["training"] * COUNT + [split] * (len(pictures) - COUNT)
    findings = audit(make_set(pictures, splits=splits))
    caught = findings.has_copy_in_other_split | findings.has_near_copy_in_other_split
    expected = [*range(0, COUNT, 4), *range(2 * COUNT, len(pictures))]
    assert np.flatnonzero(caught).tolist() == expected
    in_training = findings.identical_in["training"] | findings.near_in["training"]
    assert in_training[2 * COUNT :].all()


def test_subjects_in_several_splits_are_caught() -> None:
    people = np.array([f"person {row % 10}" for row in range(20)])
    splits = np.array(["training"] * 10 + ["training"] * 7 + ["test"] * 3)
    face_set = make_set(make_scenes(20), splits=splits, columns={"subject": people})
    assert np.flatnonzero(audit(face_set).subject_in).tolist() == [7, 8, 9, 17, 18, 19]


@pytest.fixture
def faulty_set() -> FaceSet:
    """Forty scenes; then a copy with another label, a black, a grey, and a white picture."""
    scenes = make_scenes(COUNT, seed=9)
    grey, white = np.full_like(scenes[0], 90), np.full_like(scenes[0], 255)
    white[20:28, 10:40] = 0
    pictures = np.concatenate([scenes, np.stack([scenes[7], np.zeros_like(grey), grey, white])])
    labels = np.arange(len(pictures)) % 2
    labels[COUNT] = 1 - labels[7]
    votes = np.zeros((len(pictures), 3), np.int64)
    votes[:, 0] = 10
    votes[-2:] = [0, 0, 10]
    names = ("happy", "sad", "not_a_face")
    return replace(make_set(pictures, labels=labels), votes=votes, vote_names=names)


def test_faults_of_single_rows_are_caught(faulty_set: FaceSet) -> None:
    findings = audit(faulty_set)
    assert np.flatnonzero(findings.has_label_conflict).tolist() == [7, COUNT]
    assert np.flatnonzero(findings.is_black).tolist() == [COUNT + 1]
    assert np.flatnonzero(findings.is_near_blank).tolist() == [COUNT + 1, COUNT + 2]
    assert np.flatnonzero(findings.outlier["brightness"] == "high").tolist() == [COUNT + 3]
    assert COUNT + 1 in np.flatnonzero(findings.outlier["brightness"] == "low")
    assert findings.not_a_face_votes[-3:].tolist() == [0, 10, 10]
    assert findings.disagrees_with_votes[:-2].tolist() == (faulty_set.labels[:-2] == 1).tolist()


def test_files_with_unreadable_ones_among_them_are_audited(tmp_path: Path) -> None:
    scenes = list(make_scenes(12, side=80, seed=10))
    scenes[5] = scenes[2]
    files = write_files(tmp_path, scenes)
    files.files[3].write_bytes(b"")
    files.files[8].unlink()
    findings = audit(make_set(files, splits=["training"] * 5 + ["test"] * 7))
    assert np.flatnonzero(~findings.is_readable).tolist() == [3, 8]
    assert "003.png" in findings.unreadable[3]
    assert "008.png" in findings.unreadable[8]
    assert np.flatnonzero(findings.has_copy_in_other_split).tolist() == [2, 5]
    for mark in (findings.is_black, findings.is_near_blank, findings.has_label_conflict):
        assert not mark[[3, 8]].any()
    assert findings.outlier["brightness"][[3, 8]].tolist() == ["", ""]


def test_a_set_in_which_nothing_can_be_read_is_audited(tmp_path: Path) -> None:
    files = write_files(tmp_path, make_scenes(2))
    for file in files.files:
        file.write_bytes(b"?")
    findings = audit(make_set(files))
    assert not findings.is_readable.any()
    assert np.isnan(findings.whiskers["brightness"].high)


def test_an_empty_set_is_audited() -> None:
    assert len(audit(make_set(np.zeros((0, 48, 48), np.uint8)))) == 0


def test_settings_are_obeyed_and_kept(faulty_set: FaceSet) -> None:
    findings = audit(faulty_set, least_similarity=None, near_blank_contrast=0.5, reach=3.0, detectors=["haar"])
    assert findings.settings == {
        "detectors": ["haar"],
        "least_similarity": None,
        "near_blank_contrast": 0.5,
        "reach": 3.0,
    }
    usual = audit(faulty_set)
    assert findings.whiskers["contrast"].high > usual.whiskers["contrast"].high
    assert set(findings.has_face) == {"haar"}
    assert not usual.has_face


def test_progress_names_what_is_done_and_how_far(faulty_set: FaceSet) -> None:
    seen: list[tuple[str, int]] = []
    audit(faulty_set, detectors=["haar_alt_48"], progress=lambda what, done: seen.append((what, done)))
    count = len(faulty_set)
    assert seen[count - 1] == ("pictures looked at", count)
    assert ("pictures compared", count - 3) in seen  # identical and blank ones are not
    assert seen[-1] == ("pictures searched for faces by haar_alt_48", count)


def test_an_unknown_detector_is_refused(faulty_set: FaceSet) -> None:
    with pytest.raises(DataError, match="no search for faces is called 'retina'"):
        audit(faulty_set, detectors=["retina"])
