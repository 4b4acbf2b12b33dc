from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mien.data import FaceSet
from mien.data import preparation as module
from mien.data.pictures import PictureFiles
from mien.data.preparation import fit_and_prepare, fit_steps, prepare_one, prepare_set
from mien.data.steps import contract_steps
from mien.errors import DataError, NoFaceError
from mien.images.preparation import prepare_faces
from mien.images.reading import read_picture
from tests.conftest import make_rows

REPOSITORY = Path(__file__).resolve().parents[3]
PORTRAIT = read_picture(REPOSITORY / "examples" / "pictures" / "astronaut.png").image_rgb
SMALL = "to_grey resize:size_hw=[12,12],filter=area"


def make_set(num_rows: int = 100) -> FaceSet:
    faces, labels, usages = make_rows(num_rows)
    names = {"Training": "training", "PublicTest": "validation", "PrivateTest": "test"}
    return FaceSet(
        name="made",
        pictures=faces,
        labels=labels.astype(np.int64),
        expressions=tuple("abcdefg"),
        splits=np.array([names[usage] for usage in usages]),
        row_ids=np.array([f"made:{row}" for row in range(num_rows)]),
        origins=np.array([f"made.csv:{row}" for row in range(num_rows)]),
        votes=np.ones((num_rows, 2), dtype=np.int64),
        vote_names=("a", "b"),
        columns={"subject": np.array([f"s{row % 5}" for row in range(num_rows)])},
        history=("made",),
    )


@pytest.fixture
def files(tmp_path: Path) -> FaceSet:
    """Portraits of two sizes, one without a face, one that is no picture, and one that is not there."""
    pictures = {"a.png": PORTRAIT, "b.png": PORTRAIT[:300], "c.jpg": PORTRAIT[:, 100:400], "d.png": PORTRAIT[300:]}
    for name, picture in pictures.items():
        Image.fromarray(picture).save(tmp_path / name)
    (tmp_path / "e.png").write_bytes(b"nothing")
    paths = tuple(tmp_path / name for name in (*pictures, "e.png", "f.png"))
    return replace(make_set(6).select(np.arange(6)), pictures=PictureFiles(paths))


def test_prepare_set_runs_the_steps_over_all_faces_and_says_so() -> None:
    face_set = make_set()
    prepared = prepare_set(face_set, SMALL)
    assert (prepared.faces == prepare_faces(face_set.faces, SMALL)).all()
    assert prepared.history == ("made", "prepared: to_grey resize:size_hw=[12,12],filter=area")
    for name in ("labels", "splits", "row_ids", "origins", "votes"):
        assert getattr(prepared, name) is getattr(face_set, name)
    assert prepared.columns is face_set.columns
    assert prepared.fingerprint != face_set.fingerprint


def test_prepare_set_without_steps_leaves_a_set_in_memory() -> None:
    face_set = make_set()
    assert fit_and_prepare(face_set, []) == (face_set, ())


def test_prepare_set_goes_on_with_a_set_of_numbers() -> None:
    begun = prepare_set(make_set(), "scale")
    assert begun.faces.dtype == np.float32
    both = prepare_set(begun, "samplewise_center")
    assert (both.faces == prepare_set(make_set(), "scale samplewise_center").faces).all()
    assert both.history[-2:] == ("prepared: scale", "prepared: samplewise_center")


@pytest.mark.parametrize(
    ("steps", "options", "message"),
    [
        ("scale clahe", {}, "steps: step 'clahe' takes uint8, but 'scale' gives float32"),
        (["to_gray", "resize"], {}, "steps: step 1: unknown operation 'to_gray'.*; step 2 .*: missing, expected"),
        ("to_grey", {"on_unreadable": "ignore"}, "on_unreadable is 'ignore'; expected 'refuse' or 'drop'"),
    ],
)
def test_prepare_set_refuses(steps: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        prepare_set(make_set(), steps, **options)


# --- fitting -------------------------------------------------------------------------------------------------------


def test_fitted_steps_see_the_training_rows_alone() -> None:
    face_set = make_set()
    prepared, steps = fit_and_prepare(face_set, "featurewise_standardize")
    training = face_set.split("training").faces
    mean, std = float(training.mean()), float(training.std())
    assert steps == (
        {"operation": "featurewise_standardize", "mean": [pytest.approx(mean)], "std": [pytest.approx(std)]},
    )
    np.testing.assert_allclose(prepared.faces, (face_set.faces - mean) / std, atol=1e-4)
    assert abs(face_set.faces.mean() - mean) > 0.1, "the other splits have another mean"
    assert prepared.history[-1].startswith("prepared: featurewise_standardize:mean=[")
    assert prepared.history[-1].endswith("] (fitted on 80 training rows)")


def test_test_rows_do_not_change_what_is_fitted() -> None:
    face_set = make_set()
    faces = face_set.faces.copy()
    faces[face_set.splits == "test"] = 255
    changed = replace(face_set, pictures=faces)
    assert fit_and_prepare(changed, "featurewise_center")[1] == fit_and_prepare(face_set, "featurewise_center")[1]


def test_several_fitted_steps_are_fitted_one_after_the_other() -> None:
    chain = f"{SMALL} featurewise_center zca_whiten:epsilon=0.1 scale"
    prepared, steps = fit_and_prepare(make_set(), chain)
    again = prepare_set(make_set(), steps)
    np.testing.assert_allclose(again.faces, prepared.faces, atol=1e-5)
    names = [step["operation"] for step in steps]
    assert names == ["to_grey", "resize", "featurewise_center", "zca_whiten", "scale"]
    whitening = steps[3]
    assert isinstance(whitening["mean"], np.ndarray)
    assert np.abs(whitening["mean"].mean()) < 1e-3, "it was fitted on faces that were centred before"
    assert prepared.faces.dtype == np.float32


def test_fit_steps_gives_what_fit_and_prepare_gives() -> None:
    chain = f"{SMALL} featurewise_standardize zca_whiten"
    face_set = make_set()
    training = face_set.split("training").faces
    expected = fit_and_prepare(face_set, chain)[1]
    for given in (training, iter(training)):
        fitted = fit_steps(chain, given)
        assert fitted[:2] == expected[:2]
        assert fitted[2]["mean"] == pytest.approx(expected[2]["mean"])
        np.testing.assert_allclose(fitted[3]["matrix"], expected[3]["matrix"], rtol=1e-3, atol=1e-6)


def test_fit_steps_leaves_what_is_fitted_and_looks_at_no_face_then() -> None:
    def faces() -> Iterator[np.ndarray]:
        raise AssertionError("looked at")
        yield

    assert fit_steps("to_grey featurewise_center:mean=[3.5]", faces()) == (
        {"operation": "to_grey"},
        {"operation": "featurewise_center", "mean": [3.5]},
    )


@pytest.mark.parametrize(
    ("steps", "faces", "message"),
    [
        ("featurewise_center", [], "fitting 'featurewise_center': there must be at least one face"),
        ("featurewise_center", [np.zeros((4, 4), np.uint8), np.zeros((5, 4), np.uint8)], "must bring all faces to one"),
        ("zca_whiten", np.zeros((2, 100, 100), np.uint8), r"fitting 'zca_whiten': whitening 100x100 faces .*0.4 GB"),
        ("zca_whiten:epsilon=-1", np.zeros((2, 4, 4), np.uint8), "fitting 'zca_whiten': epsilon must not be negative"),
    ],
    ids=["none", "sizes", "too large", "epsilon"],
)
def test_fit_steps_refuses(steps: str, faces: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        fit_steps(steps, faces)


def test_steps_that_must_be_fitted_need_training_rows() -> None:
    face_set = make_set()
    without = face_set.select(face_set.splits == "test")
    with pytest.raises(DataError, match="made has no training rows to fit step 'featurewise_center' on"):
        prepare_set(without, "featurewise_center")
    prepare_set(without, "featurewise_center:mean=[100]")


def test_fitted_numbers_go_into_a_contract() -> None:
    steps = fit_and_prepare(make_set(), f"{SMALL} featurewise_standardize")[1]
    assert contract_steps(steps).steps == steps


# --- files, faces and the cache ------------------------------------------------------------------------------------


def test_prepare_set_crops_faces_out_of_files_and_drops_what_has_none(files: FaceSet) -> None:
    prepared = prepare_set(files, f"crop_face {SMALL}", on_unreadable="drop")
    assert prepared.row_ids.tolist() == ["made:0", "made:1", "made:2"]
    assert prepared.faces.shape == (3, 12, 12)
    assert prepared.history[-2:] == (
        "3 rows dropped that could not be prepared (1 no face, 1 not a picture, 1 missing): 3 training",
        f"prepared: crop_face {SMALL}",
    )
    expected = prepare_one(PORTRAIT, f"crop_face {SMALL}")
    assert (prepared.faces[0] == expected).all()


def test_prepare_set_refuses_rows_without_a_face(files: FaceSet) -> None:
    with pytest.raises(DataError) as caught:
        prepare_set(files, f"crop_face {SMALL}")
    message = str(caught.value)
    assert message.startswith("made: 3 of 6 rows cannot be read or prepared: made:3 (no face found by detector 'haar')")
    assert "e.png: not a picture" in message
    assert "f.png: no such file" in message
    assert "\n" not in message


def test_prepare_set_refuses_files_of_different_sizes(files: FaceSet) -> None:
    good = files.select(np.arange(3))
    with pytest.raises(DataError, match=r"different sizes remain: 512x512x3 \(1\), 512x300x3 \(1\), 300x512x3 \(1\)"):
        prepare_set(good, [])
    with pytest.raises(DataError, match=r"512x512 \(1\), 512x300 \(1\), 300x512 \(1\) among the first 3 rows"):
        prepare_set(good, "to_grey")


def test_prepare_set_reads_files_of_one_size_into_memory_without_steps(files: FaceSet) -> None:
    prepared = prepare_set(files.select(np.array([0])), [])
    assert (prepared.faces[0] == PORTRAIT).all()
    assert prepared.history[-1] == "read into memory"


def count_runs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    runs: list[int] = []
    run = module.prepare_rows

    def count(*arguments: Any, **options: Any) -> FaceSet:
        runs.append(1)
        return run(*arguments, **options)

    monkeypatch.setattr(module, "prepare_rows", count)
    return runs


def test_prepared_files_come_from_the_cache_until_something_changes(
    files: FaceSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = count_runs(monkeypatch)
    good = files.select(np.arange(3))
    first = prepare_set(good, SMALL)
    again = prepare_set(good, SMALL)
    assert len(runs) == 1
    assert (first.faces == again.faces).all()
    assert (first.history, first.row_ids.tolist()) == (again.history, again.row_ids.tolist())
    prepare_set(good, "to_grey resize:size_hw=[12,13],filter=area")
    prepare_set(replace(good, splits=np.array(["test"] * 3)), SMALL)
    prepare_set(replace(good, columns={"subject": np.array(["x", "y", "z"])}), SMALL)
    assert len(runs) == 4
    assert isinstance(good.pictures, PictureFiles)
    Image.fromarray(PORTRAIT[::-1]).save(good.pictures.files[0])
    assert (prepare_set(good, SMALL).faces[0] == prepare_one(PORTRAIT[::-1], SMALL)).all()
    assert len(runs) == 5


def test_fitting_goes_on_from_the_cache(files: FaceSet, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = count_runs(monkeypatch)
    good = files.select(np.arange(3))
    first, steps = fit_and_prepare(good, f"{SMALL} featurewise_center")
    again, again_steps = fit_and_prepare(good, f"{SMALL} featurewise_center")
    prepare_set(good, SMALL)
    assert len(runs) == 1
    assert steps == again_steps
    assert (first.faces == again.faces).all()


def test_faces_in_memory_are_cached_only_where_a_detector_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = count_runs(monkeypatch)
    portraits = replace(make_set(2), pictures=np.stack([PORTRAIT, PORTRAIT[::-1]]))
    for _ in range(2):
        prepare_set(make_set(), SMALL)
    assert len(runs) == 2
    for _ in range(2):
        assert len(prepare_set(portraits, f"crop_face {SMALL}", on_unreadable="drop")) == 1
    assert len(runs) == 3


def test_prepare_set_says_how_far_it_is(files: FaceSet) -> None:
    done: list[int] = []
    prepare_set(make_set(), SMALL, say_done=done.append)
    assert done == [64, 100]


# --- one picture ---------------------------------------------------------------------------------------------------


def test_prepare_one_runs_picture_and_image_operations() -> None:
    prepared = prepare_one(PORTRAIT, f"crop_face:margin=0.1 {SMALL} local_binary_pattern:num_points=8 scale:high=255")
    assert prepared.shape == (12, 12)
    assert prepared.dtype == np.float32


def test_prepare_one_says_that_there_is_no_face() -> None:
    with pytest.raises(NoFaceError, match="no face found by detector 'haar'"):
        prepare_one(PORTRAIT[300:], "crop_face")


def test_faces_of_several_sizes_may_go_through_a_step_that_takes_many_at_once() -> None:
    chain = "crop_face to_grey local_binary_pattern resize:size_hw=[10,10]"
    portraits = np.stack([PORTRAIT, np.roll(PORTRAIT, 30, axis=1)])  # the detector draws another box
    assert len({prepare_one(portrait, "crop_face").shape for portrait in portraits}) == 2
    prepared = prepare_set(replace(make_set(2), pictures=portraits), chain)
    for face, portrait in zip(prepared.faces, portraits, strict=True):
        assert (face == prepare_one(portrait, chain)).all()
