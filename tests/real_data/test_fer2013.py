"""FER2013 itself: what is known of it must come out."""

import numpy as np
import pytest
from PIL import Image

from mien.data import FaceSet, read_dataset
from mien.data.audit.copies import apply_protocol, rows_with_copy_in
from mien.data.datasets.fer2013 import read_fer2013
from mien.expressions import FER2013_EXPRESSIONS


@pytest.fixture(scope="module")
def fer2013(real_fer2013_csv) -> FaceSet:
    return read_fer2013(real_fer2013_csv)


def test_splits_and_classes_are_those_published(fer2013: FaceSet) -> None:
    assert list(fer2013.split_counts().values()) == [28_709, 3_589, 3_589]
    assert list(fer2013.class_counts().values()) == [4953, 547, 5121, 8989, 6077, 4002, 6198]


def test_copies_across_the_published_splits_are_found(fer2013: FaceSet) -> None:
    in_training = rows_with_copy_in(fer2013, "training")
    assert int(in_training[fer2013.splits == "validation"].sum()) == 280
    assert int(in_training[fer2013.splits == "test"].sum()) == 289
    assert int((rows_with_copy_in(fer2013, "validation") & (fer2013.splits == "test")).sum()) == 44
    cleaned = apply_protocol(fer2013, "clean")
    assert len(fer2013) - len(cleaned) == 694
    assert not rows_with_copy_in(cleaned, "training")[cleaned.splits != "training"].any()


def test_twelve_pictures_are_entirely_black(fer2013: FaceSet) -> None:
    assert int((fer2013.faces.max(axis=(1, 2)) == 0).sum()) == 12


def test_votes_stand_beside_their_rows(fer2013: FaceSet) -> None:
    if fer2013.votes is None:
        pytest.skip("fer2013new.csv does not lie beside the CSV")
    assert fer2013.votes.shape == (35_887, 10)
    names = list(fer2013.vote_names)
    happy = fer2013.votes[:, names.index("happy")] >= 8
    assert (fer2013.labels[happy] == FER2013_EXPRESSIONS.index("happy")).mean() > 0.9


def test_folders_give_the_same_rows_as_the_csv(fer2013: FaceSet, tmp_path) -> None:
    usages = {"training": "Training", "validation": "PublicTest", "test": "PrivateTest"}
    rows = np.linspace(0, len(fer2013) - 1, 400).astype(int)
    for row in rows:
        split = fer2013.splits[row]
        folder = tmp_path / ("train" if split == "training" else "test") / FER2013_EXPRESSIONS[fer2013.labels[row]]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(fer2013.faces[row]).save(folder / f"{usages[split]}_{row:05d}.png")
    assert read_dataset("fer2013", tmp_path).fingerprint == fer2013.select(rows).fingerprint
