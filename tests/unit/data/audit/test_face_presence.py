from pathlib import Path

import numpy as np
import pytest

from mien.data import FaceSet
from mien.data.audit import face_presence
from mien.data.audit.face_presence import SEARCHES, find_faces, is_there, search_named
from mien.errors import DataError, MienError
from mien.images.reading import read_picture
from mien.images.resizing import resize
from mien.places import cache_folder
from tests.unit.data.audit.scenes import make_scenes, make_set, write_files

REPOSITORY = Path(__file__).resolve().parents[4]
YUNET = REPOSITORY.parent / "shared" / "models" / "yunet_n_640_640.onnx"


@pytest.fixture(scope="module")
def faces_and_scenes() -> FaceSet:
    """A face in the public domain, as small as in data sets, and pictures without one."""
    astronaut = read_picture(REPOSITORY / "examples" / "pictures" / "astronaut.png").image_rgb
    face = resize(astronaut[55:195, 150:290], (48, 48), filter_name="area").mean(axis=2).astype(np.uint8)
    return make_set(np.stack([make_scenes(1)[0], face, np.zeros((48, 48), np.uint8), face[:, ::-1]]))


@pytest.mark.parametrize("name", ["haar", "haar_alt_48"])
def test_faces_of_48_pixels_are_found_and_nothing_else(faces_and_scenes: FaceSet, name: str) -> None:
    assert find_faces(faces_and_scenes, name).tolist() == [False, True, False, True]


def test_yunet_finds_them_too(faces_and_scenes: FaceSet) -> None:
    if not YUNET.is_file():
        pytest.skip("the YuNet file is not here (../shared/models)")
    assert find_faces(faces_and_scenes, "yunet", model_file=YUNET).tolist() == [False, True, False, True]


def test_answers_come_from_the_cache_the_second_time(
    faces_and_scenes: FaceSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[int] = []
    first = find_faces(faces_and_scenes, "haar", report_done=done.append)
    assert done == [1, 2, 3, 4]

    def fail(*_: object) -> None:
        raise AssertionError("asked again")

    monkeypatch.setattr(face_presence, "_search_each", fail)
    assert (find_faces(faces_and_scenes, "haar") == first).all()
    with pytest.raises(AssertionError, match="asked again"):
        find_faces(faces_and_scenes, "haar_alt_48")
    with pytest.raises(AssertionError, match="asked again"):
        find_faces(faces_and_scenes.select(np.arange(3)), "haar")


def test_a_damaged_cache_is_asked_anew(faces_and_scenes: FaceSet) -> None:
    find_faces(faces_and_scenes, "haar_alt_48")
    (entry,) = (cache_folder() / "face_presence").iterdir()
    entry.write_bytes(b"damaged")
    assert find_faces(faces_and_scenes, "haar_alt_48").tolist() == [False, True, False, True]
    assert entry.read_bytes() != b"damaged"


def test_a_cache_that_cannot_be_written_costs_time_only(
    faces_and_scenes: FaceSet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "file"))
    assert find_faces(faces_and_scenes, "haar_alt_48").sum() == 2


def test_pictures_in_files_are_searched_and_unreadable_ones_have_no_face(
    faces_and_scenes: FaceSet, tmp_path: Path
) -> None:
    files = write_files(tmp_path, [*faces_and_scenes.faces, *faces_and_scenes.faces])
    files.files[1].write_bytes(b"nothing")
    assert find_faces(make_set(files), "haar_alt_48").tolist() == [False, False, False, True, False, True, False, True]


def test_small_pictures_are_enlarged_and_framed_and_large_ones_left_alone() -> None:
    search = SEARCHES["haar"]
    assert face_presence._frame(np.zeros((48, 40), np.uint8), search).shape == (96 + 48, 80 + 48)
    assert face_presence._frame(np.zeros((40, 48, 3), np.uint8), search).shape == (80 + 48, 96 + 48, 3)
    large = np.zeros((200, 300, 3), np.uint8)
    assert face_presence._frame(large, search) is large
    assert face_presence._frame(np.zeros((48, 48), np.uint8), SEARCHES["haar_alt_48"]).shape == (48, 48)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("harr", "no search for faces is called 'harr'; did you mean 'haar'"),
        ("none", "no search for faces is called 'none'; it takes any picture for a face"),
    ],
)
def test_unknown_searches_are_refused(name: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        search_named(name)


def test_a_missing_model_file_is_said_before_the_search(
    faces_and_scenes: FaceSet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MIEN_WEIGHTS", str(tmp_path))
    with pytest.raises(MienError, match=r"detector 'yunet' needs .*yunet_n_640_640\.onnx, which is not there"):
        find_faces(faces_and_scenes, "yunet")
    assert not is_there("yunet")
    assert is_there("haar")
