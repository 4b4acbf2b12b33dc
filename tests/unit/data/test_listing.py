from pathlib import Path

import numpy as np
import pytest

from mien.data import FaceSet, listing
from mien.data.labelling import read_labels
from mien.data.listing import NO_PUBLISHED_SPLITS, ListedPicture, build_face_set
from mien.data.pictures import PictureFiles
from mien.errors import DataError, PictureError
from tests.made_datasets import brightness_of, save_face


def build(folder: Path, listed: list[ListedPicture], **options: object) -> FaceSet:
    read = read_labels([each.label for each in listed], place=str(folder), unknown="skip")
    return build_face_set("made", folder, listed, read, has_published_splits=True, **options)


@pytest.fixture
def listed(tmp_path: Path) -> list[ListedPicture]:
    names = ("happy", "sad", "angry", "happy")
    return [
        ListedPicture(save_face(tmp_path / name / f"{number}.png", name), label=name, split="test")
        for number, name in enumerate(names)
    ]


def test_pictures_of_one_size_become_one_grey_array(tmp_path: Path, listed: list[ListedPicture]) -> None:
    face_set = build(tmp_path, listed, history=["read from made"])
    assert face_set.faces.shape == (4, 48, 48)
    assert face_set.faces.mean(axis=(1, 2)).round(0).tolist() == [brightness_of(each.label) for each in listed]
    assert face_set.row_ids.tolist()[0] == "made:happy/0.png"
    assert face_set.origins.tolist()[1] == "sad/1.png"
    assert face_set.history[0] == "read from made"
    assert face_set.history[-1] == "4 pictures of 48x48 pixels loaded, grey"
    assert face_set.has_published_splits


def test_one_coloured_picture_makes_the_array_coloured(tmp_path: Path, listed: list[ListedPicture]) -> None:
    from PIL import Image

    Image.new("RGB", (48, 48), (200, 10, 10)).save(listed[2].file)
    face_set = build(tmp_path, listed)
    assert face_set.faces.shape == (4, 48, 48, 3)
    assert face_set.history[-1].endswith("loaded, colour")


def test_the_second_read_comes_from_the_cache_with_fresh_labels(
    tmp_path: Path, listed: list[ListedPicture], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = build(tmp_path, listed)
    monkeypatch.setattr(listing, "_load_one_size", lambda _: pytest.fail("read again"))
    relabelled = [ListedPicture(each.file, label="fear") for each in listed]
    second = build(tmp_path, relabelled)
    np.testing.assert_array_equal(first.faces, second.faces)
    assert second.class_counts() == {"fear": 4}


def test_a_changed_picture_is_read_anew(tmp_path: Path, listed: list[ListedPicture]) -> None:
    before = build(tmp_path, listed).fingerprint
    save_face(listed[0].file, "neutral")
    assert build(tmp_path, listed).fingerprint != before


def test_sizes_that_differ_stay_in_files(tmp_path: Path, listed: list[ListedPicture]) -> None:
    save_face(listed[3].file, "happy", size_wh=(50, 48))
    face_set = build(tmp_path, listed)
    assert isinstance(face_set.pictures, PictureFiles)
    assert face_set.history[-1] == "pictures stay in files: of several sizes, such as 48x48 and 50x48"


def test_too_many_pixels_stay_in_files(
    tmp_path: Path, listed: list[ListedPicture], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MOST_BYTES_IN_MEMORY", 4 * 48 * 48 * 3 - 1)
    face_set = build(tmp_path, listed)
    assert not face_set.is_in_memory
    assert face_set.history[-1].startswith("pictures stay in files: together they are larger than")


def test_an_unreadable_picture_in_the_middle_is_no_crash(tmp_path: Path, listed: list[ListedPicture]) -> None:
    listed[1].file.write_bytes(b"PK")
    face_set = build(tmp_path, listed)
    assert face_set.history[-1].startswith("pictures stay in files: sad/1.png: not a picture (first bytes 'PK')")
    assert [isinstance(each, PictureError) for each in face_set.read_each()] == [False, True, False, False]


def test_a_missing_picture_is_no_crash(tmp_path: Path, listed: list[ListedPicture]) -> None:
    listed[1].file.unlink()
    face_set = build(tmp_path, listed)
    assert face_set.history[-1] == "pictures stay in files: 1 of 4 are missing, the first sad/1.png"
    assert [isinstance(each, PictureError) for each in face_set.read_each()] == [False, True, False, False]


def test_without_splits_all_rows_are_training_and_unpublished(tmp_path: Path, listed: list[ListedPicture]) -> None:
    face_set = build(tmp_path, [ListedPicture(each.file, label=each.label) for each in listed])
    assert face_set.split_counts() == {"training": 4, "validation": 0, "test": 0}
    assert not face_set.has_published_splits
    assert NO_PUBLISHED_SPLITS in face_set.history


def test_columns_are_empty_where_a_picture_has_none(tmp_path: Path, listed: list[ListedPicture]) -> None:
    with_subject = [ListedPicture(listed[0].file, label="happy", columns={"subject": "a"}), *listed[1:]]
    assert build(tmp_path, with_subject).columns["subject"].tolist() == ["a", "", "", ""]


def test_pictures_of_no_class_are_left_out(tmp_path: Path, listed: list[ListedPicture]) -> None:
    with_stranger = [ListedPicture(listed[0].file, label="hungry"), *listed[1:]]
    assert len(build(tmp_path, with_stranger)) == 3
    with pytest.raises(DataError, match="no pictures of any class"):
        build(tmp_path, with_stranger[:1])


def test_two_pictures_of_one_key_are_named(tmp_path: Path, listed: list[ListedPicture]) -> None:
    same = [ListedPicture(each.file, label=each.label, key="S1") for each in listed[:2]]
    with pytest.raises(
        DataError, match=r"happy/0\.png and sad/1\.png are one picture of the data set \(S1\); keep one"
    ):
        build(tmp_path, same)
