import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import mien
from mien.errors import MienError, ModelFileError
from mien.images.resizing import resize
from mien.recognition.drawing import draw_message
from mien.recognition.explanation import ExplainedFace, Explanation, explain
from mien.structures import Face
from tests.tiny_model import TINY_CONTRACT, write_tiny_model

PICTURES = Path(__file__).resolve().parents[3] / "examples" / "pictures"
FACE = np.random.default_rng(0).integers(0, 256, (48, 48), dtype=np.uint8)


def cover(face: np.ndarray, top: int, left: int) -> np.ndarray:
    """Return a face with a window of 16 pixels filled with the mean, as levels."""
    covered = face.copy()
    covered[top : top + 16, left : left + 16] = int(TINY_CONTRACT.mean[0])
    return covered


def test_the_map_is_what_the_answers_to_covered_faces_lose(tiny_model: Path) -> None:
    """The corner lies under one window only: what is lost there can be asked of the recognizer by hand."""
    analyzer = mien.Analyzer(tiny_model, "none", threads=1, engine="onnxruntime")
    explanation = explain(FACE, model=tiny_model, detector="none")
    (face,) = explanation.faces
    best = TINY_CONTRACT.expressions.index(face.expression)
    asked = np.stack([FACE, cover(FACE, 0, 0), cover(FACE, 32, 32)])
    probabilities = analyzer.recognizer.predict_probabilities(asked)[:, best]
    assert face.probability == pytest.approx(float(probabilities[0]))
    assert face.heat_map[0, 0] == pytest.approx(float(probabilities[0] - probabilities[1]), abs=1e-6)
    assert face.heat_map[47, 47] == pytest.approx(float(probabilities[0] - probabilities[2]), abs=1e-6)


def test_a_named_expression_is_explained(tiny_model: Path) -> None:
    (face,) = explain(FACE, model=tiny_model, detector="none", expression="sad").faces
    assert face.expression == "sad"
    assert face.probability == face.face.probabilities["sad"]
    (other,) = explain(FACE, model=tiny_model, detector="none", expression="happy").faces
    assert not np.allclose(face.heat_map, other.heat_map)


def test_the_map_has_the_size_of_the_crop(tiny_model: Path) -> None:
    twice = np.kron(FACE, np.ones((2, 2), dtype=np.uint8))
    small = explain(resize(twice, (48, 48)), model=tiny_model, detector="none").faces[0]
    large = explain(twice, model=tiny_model, detector="none").faces[0]
    assert (large.crop.shape, large.heat_map.shape) == ((96, 96, 3), (96, 96))
    np.testing.assert_allclose(large.heat_map, resize(small.heat_map, (96, 96)), atol=1e-6)


def test_a_colour_model_is_explained(tmp_path: Path) -> None:
    steps = ({"operation": "resize", "size_hw": [48, 48], "filter": "bilinear"},)
    contract = replace(TINY_CONTRACT, colour="rgb", preparation=steps, mean=(127.5,) * 3, std=(64.0,) * 3)
    file = write_tiny_model(tmp_path / "colour.onnx", contract)
    (face,) = explain(np.stack([FACE] * 3, axis=2), model=file, detector="none").faces
    assert face.heat_map.shape == (48, 48)
    assert face.heat_map.std() > 0


def test_every_face_of_a_photograph_is_explained_and_drawn_where_it_is(tiny_model: Path) -> None:
    explanation = explain(PICTURES / "montage.jpg", model=tiny_model)
    assert explanation.recognition.image is not None
    assert len(explanation.faces) == len(explanation.recognition.faces) == 8
    drawn, picture = explanation.draw(), explanation.recognition.image
    assert drawn.shape == picture.shape
    for each in explanation.faces:
        left, top = each.corner_xy
        side = len(each.crop)
        assert each.heat_map.shape == (side, side)
        inside = (slice(top + side // 3, top + side // 2), slice(left + side // 3, left + side // 2))
        np.testing.assert_array_equal(drawn[inside], each.draw()[side // 3 : side // 2, side // 3 : side // 2])
        assert not np.array_equal(drawn[inside], picture[inside])


def test_a_crop_that_reaches_over_the_edge_is_drawn_inside(tiny_model: Path) -> None:
    """The box of a picture's own edges with a margin of a half reaches 12 pixels over each edge."""
    file_margins = replace(TINY_CONTRACT, crop_margins={"none": 0.5})
    file = write_tiny_model(tiny_model.parent / "margin.onnx", file_margins)
    large = np.kron(FACE, np.ones((6, 6), dtype=np.uint8))
    explanation = explain(large, model=file, detector="none")
    (face,) = explanation.faces
    assert (face.corner_xy, face.crop.shape) == ((-72, -72), (432, 432, 3))
    np.testing.assert_array_equal(explanation.draw()[100:200, 100:200], face.draw()[172:272, 172:272])


def test_the_peak_lies_in_the_picture_where_the_map_is_highest() -> None:
    heat_map = np.zeros((4, 4), dtype=np.float32)
    heat_map[1, 3] = 2.0
    face = Face((10.0, 20.0, 14.0, 24.0), 1.0, "happy", {"happy": 1.0})
    explained = ExplainedFace(face, "happy", np.zeros((4, 4, 3), dtype=np.uint8), (10, 20), heat_map)
    assert explained.peak_xy == (13, 21)


def test_a_picture_without_a_face_has_no_maps(tiny_model: Path) -> None:
    explanation = explain(np.zeros((300, 300), dtype=np.uint8), model=tiny_model)
    assert explanation.faces == ()
    assert explanation.recognition.status == "no_face"
    assert explanation.draw().shape == (300, 300, 3)


def test_a_picture_that_cannot_be_read_says_why(tiny_model: Path) -> None:
    explanation = explain("nowhere.jpg", model=tiny_model)
    assert isinstance(explanation, Explanation)
    assert explanation.recognition.status == "missing"
    np.testing.assert_array_equal(explanation.draw(), draw_message(explanation.recognition.message))


def test_an_expression_that_the_model_does_not_know_is_refused(tiny_model: Path) -> None:
    with pytest.raises(MienError, match=r"model 'tiny' knows no expression 'hapy'; did you mean 'happy'\?"):
        explain(FACE, model=tiny_model, expression="hapy")


def test_more_than_one_picture_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    for source in (tmp_path, [FACE, FACE]):
        with pytest.raises(MienError, match="one picture is explained at a time; name a picture"):
            explain(source, model=tiny_model)


def test_unknown_models_and_colours_are_refused(tiny_model: Path) -> None:
    with pytest.raises(ModelFileError, match="unknown model 'compcat'"):
        explain(FACE, model="compcat")
    with pytest.raises(ValueError, match="colour must be 'rgb' or 'bgr', got 'hsv'"):
        explain(FACE, model=tiny_model, colour="hsv")


def test_the_light_install_explains(tiny_model: Path) -> None:
    code = (
        "import sys\n"
        "names = ('torch', 'captum', 'matplotlib', 'scipy', 'sklearn', 'pandas', 'onnx')\n"
        "sys.modules.update(dict.fromkeys(names))\n"
        "import mien\n"
        f"found = mien.explain({str(PICTURES / 'astronaut.png')!r}, model={str(tiny_model)!r})\n"
        "print(len(found.faces), found.draw().shape)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.stdout == "1 (512, 512, 3)\n", ran.stderr
