import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mien.errors import MienError, MissingExtraError, PictureError, VideoError
from mien.recognition.results import FAULT_STATUSES, Recognition, Recognitions
from mien.structures import Face

IMAGE = np.full((300, 400, 3), 90, dtype=np.uint8)
FACE = Face(
    box_xyxy=(100.0, 50.0, 200.0, 150.0),
    detector_score=5.0,
    expression="happy",
    probabilities={"happy": 0.7, "sad": 0.3},
    flags=("blurred", "unsure"),
)
SMOOTHED_FACE = replace(FACE, raw_probabilities={"happy": 0.2, "sad": 0.8})


def make(**changes: Any) -> Recognition:
    facts: dict[str, Any] = {
        "source": "a.jpg",
        "status": "ok",
        "message": "",
        "faces": (FACE, FACE),
        "size_hw": (300, 400),
        "model": "tiny",
        "detector": "haar",
        "expressions": ("happy", "sad"),
        "image": IMAGE,
    }
    return Recognition(**{**facts, **changes})


EMPTY = make(status="no_face", faces=())
BROKEN = make(status="truncated", faces=(), size_hw=None, message="a.jpg: cut off", image=None)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"status": "fine"}, "unknown status 'fine'; known: ok, no_face, missing"),
        ({"faces": ()}, "status 'ok' does not go with 0 faces"),
        ({"status": "no_face"}, "status 'no_face' does not go with 2 faces"),
        ({"size_hw": None}, "status 'ok' does not go with a size of None"),
        ({"status": "empty", "faces": (), "message": "x"}, r"status 'empty' does not go with a size of \(300, 400\)"),
        ({"status": "empty", "faces": (), "size_hw": None}, "status 'empty' needs a message of one line, got ''"),
        ({"message": "two\nlines"}, "needs a message of one line"),
        ({"is_smoothed": True}, "raw probabilities where, and only where, the result is smoothed"),
        ({"faces": (SMOOTHED_FACE,)}, "raw probabilities where, and only where, the result is smoothed"),
    ],
    ids=["status", "no faces", "faces", "no size", "size", "no message", "two lines", "no raw ones", "raw ones"],
)
def test_recognition_checks_itself(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(**changes)


def test_recognition_knows_every_status_of_a_picture_or_video_error() -> None:
    described = [(error.__doc__ or "").partition("status:")[2] for error in (PictureError, VideoError)]
    assert set(FAULT_STATUSES) == set(re.findall(r"``(\w+)``", " ".join(described)))


def test_recognition_to_dict_is_json_without_the_picture() -> None:
    values = make().to_dict()
    assert json.loads(json.dumps(values)) == values
    assert list(values) == ["source", "status", "message", "size_hw", "model", "detector", "time_s", "faces"]
    assert values["size_hw"] == [300, 400]
    assert BROKEN.to_dict()["faces"] == []


def test_expression_sets_stand_in_the_results_of_a_model_that_gives_them() -> None:
    faces = tuple(replace(FACE, expression_set=names) for names in (("happy", "sad"), ()))
    result = make(faces=faces, set_coverage=0.9)
    values: Any = result.to_dict()
    assert values["set_coverage"] == 0.9
    assert [face["expression_set"] for face in values["faces"]] == [["happy", "sad"], []]
    rows = [*result.to_rows(), *make(status="no_face", faces=(), set_coverage=0.9).to_rows()]
    assert [row["expression_set"] for row in rows] == ["happy|sad", "", ""]
    assert {tuple(row) for row in rows} == {(*make().to_rows()[0], "expression_set")}


def test_frame_and_raw_probabilities_stand_in_the_results_of_a_smoothed_video() -> None:
    facts: dict[str, Any] = {"is_smoothed": True, "frame": 30, "time_s": 1.0}
    result, empty = make(faces=(SMOOTHED_FACE,), **facts), make(status="no_face", faces=(), **facts)
    values: Any = result.to_dict()
    assert values["frame"] == 30
    assert values["faces"][0]["raw_probabilities"] == {"happy": 0.2, "sad": 0.8}
    (row,), (empty_row,) = result.to_rows(), empty.to_rows()
    assert (row["frame"], row["happy"], row["raw_happy"], row["raw_sad"]) == (30, 0.7, 0.2, 0.8)
    assert (empty_row["frame"], empty_row["raw_happy"], empty_row["raw_sad"]) == (30, None, None)
    assert list(row) == list(empty_row)
    assert set(row) - set(make().to_rows()[0]) == {"frame", "raw_happy", "raw_sad"}


def test_recognition_compares_without_the_picture() -> None:
    assert make() == make(image=None)
    assert make() != EMPTY


def test_recognition_to_rows_has_the_same_columns_whatever_happened() -> None:
    rows = [*make().to_rows(), *EMPTY.to_rows(), *BROKEN.to_rows()]
    assert len(rows) == 4
    assert {tuple(row) for row in rows} == {tuple(rows[0])}
    assert [row["face"] for row in rows] == [1, 2, None, None]
    assert [row["status"] for row in rows] == ["ok", "ok", "no_face", "truncated"]
    assert (rows[1]["x1"], rows[1]["y2"], rows[1]["happy"], rows[1]["sad"]) == (100.0, 150.0, 0.7, 0.3)
    assert (rows[0]["probability"], rows[0]["flags"]) == (0.7, "blurred unsure")
    assert (rows[3]["happy"], rows[3]["width"], rows[2]["width"]) == (None, None, 400)


@pytest.mark.parametrize("result", [make(), Recognitions((make(), EMPTY, BROKEN))], ids=["one", "many"])
def test_to_pandas_has_one_row_a_face(result: Recognition | Recognitions) -> None:
    table = result.to_pandas()
    assert len(table) == len(result.to_rows())
    assert list(table.columns) == list(result.to_rows()[0])


@pytest.mark.parametrize("result", [make(), Recognitions((make(),))], ids=["one", "many"])
def test_to_pandas_without_pandas_names_the_extra(
    result: Recognition | Recognitions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(
        MissingExtraError, match=r"needs the package 'pandas'; install it with: pip install 'mien\[tables\]'"
    ):
        result.to_pandas()


def test_recognition_draw_marks_the_faces_and_leaves_the_picture() -> None:
    before = IMAGE.copy()
    drawn = make().draw()
    assert drawn.shape == IMAGE.shape
    assert (drawn != IMAGE).any()
    assert (before == IMAGE).all()


def test_recognition_draw_reads_the_file_again_where_the_picture_was_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(IMAGE).save(path)
    assert (make(source=str(path), image=None).draw() == make().draw()).all()
    path.write_bytes(b"")
    with pytest.raises(PictureError, match="empty"):
        make(source=str(path), image=None).draw()


def test_recognition_draw_without_picture_and_file_says_so() -> None:
    with pytest.raises(
        MienError, match="array 3: the picture was not kept with the result; analyse it alone to draw it"
    ):
        make(source="array 3", image=None).draw()


def test_recognition_draw_of_a_broken_picture_is_a_card() -> None:
    card = BROKEN.draw()
    assert card.shape == (160, 480, 3)
    assert card.max() > 200


def test_recognitions_is_a_sequence() -> None:
    results = Recognitions((make(), EMPTY, BROKEN))
    assert len(results) == 3
    assert results[1] is EMPTY
    assert results[-2:] == Recognitions((EMPTY, BROKEN))
    assert list(results) == [make(), EMPTY, BROKEN]
    assert BROKEN in results
    assert results == Recognitions((make(), EMPTY, BROKEN))


def test_recognitions_has_the_methods_of_one() -> None:
    results = Recognitions((make(), EMPTY, BROKEN))
    assert results.faces == (FACE, FACE)
    assert results.to_dict() == {"results": [make().to_dict(), EMPTY.to_dict(), BROKEN.to_dict()]}
    assert [picture.shape for picture in results.draw()] == [(300, 400, 3), (300, 400, 3), (160, 480, 3)]
