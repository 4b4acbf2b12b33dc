import io
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mien
from mien.errors import EngineError, MienError, ModelFileError
from mien.images.writing import write_picture
from mien.recognition import analyzer as analyzer_module
from mien.recognition import recognizer
from mien.recognition.analyzer import Analyzer, analyze, open_analyzer
from mien.recognition.conformal import ConformalSets
from mien.recognition.engines import choice
from mien.recognition.engines.choice import StartedEngine
from mien.recognition.engines.onnxruntime import OnnxRuntimeEngine
from mien.recognition.model_file import ModelFile, load_model_file
from mien.recognition.results import Recognition, Recognitions
from mien.structures import Detection
from tests.tiny_model import TINY_CONTRACT, write_tiny_model

PICTURES = Path(__file__).resolve().parents[3] / "examples" / "pictures"
FACE = np.random.default_rng(0).integers(0, 256, (48, 48), dtype=np.uint8)


def encode(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def analyzer(tiny_model: Path) -> Analyzer:
    return Analyzer(tiny_model, "haar", threads=1)


@pytest.fixture(scope="module")
def whole(tiny_model: Path) -> Analyzer:
    return Analyzer(tiny_model, "none", threads=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two faces, and one fault of each kind between them."""
    (tmp_path / "a.png").write_bytes(encode(FACE))
    (tmp_path / "b.jpg").write_bytes(b"PK\x03\x04")
    (tmp_path / "c.png").write_bytes(b"")
    (tmp_path / "d.png").write_bytes(encode(FACE)[:900])
    (tmp_path / "e.png").write_bytes(encode(FACE[::-1]))
    return tmp_path


def test_analyze_finds_the_face_of_a_photograph(analyzer: Analyzer) -> None:
    result = analyzer.analyze(PICTURES / "astronaut.png")
    assert isinstance(result, Recognition)
    assert (result.status, result.message, result.size_hw) == ("ok", "", (512, 512))
    assert (result.model, result.detector, result.expressions) == ("tiny", "haar", TINY_CONTRACT.expressions)
    (face,) = result.faces
    assert np.abs(np.array(face.box_xyxy) - [177, 66, 274, 163]).max() < 12
    assert tuple(face.probabilities) == TINY_CONTRACT.expressions
    assert face.probability == max(face.probabilities.values())


def test_analyze_gives_exactly_what_the_recognizer_says_of_a_prepared_face(whole: Analyzer) -> None:
    (face,) = whole.analyze(FACE).faces
    expected = whole.recognizer.predict_probabilities(FACE[None])[0]
    assert list(face.probabilities.values()) == [float(value) for value in expected]


def test_analyze_gives_the_same_for_every_way_in(whole: Analyzer, tmp_path: Path) -> None:
    path = tmp_path / "face.png"
    path.write_bytes(encode(FACE))
    colour = np.stack([FACE] * 3, axis=2)
    results = [whole.analyze(source) for source in (path, str(path), path.read_bytes(), FACE, colour)]
    assert len({result.faces[0].probability for result in results}) == 1
    assert [result.source for result in results] == [str(path), str(path), "bytes", "array", "array"]


def test_analyze_obeys_the_channel_order_of_an_array(analyzer: Analyzer) -> None:
    image_rgb = np.asarray(Image.open(PICTURES / "astronaut.png"))
    image_bgr = np.ascontiguousarray(image_rgb[..., ::-1])
    assert analyzer.analyze(image_bgr, colour="bgr") == analyzer.analyze(image_rgb)
    with pytest.raises(ValueError, match="colour must be 'rgb' or 'bgr', got 'hsv'"):
        analyzer.analyze(image_rgb, colour="hsv")


def test_analyze_of_a_folder_gives_one_result_for_every_file(whole: Analyzer, folder: Path) -> None:
    results = whole.analyze(folder)
    assert isinstance(results, Recognitions)
    assert [Path(result.source).name for result in results] == ["a.png", "b.jpg", "c.png", "d.png", "e.png"]
    assert [result.status for result in results] == ["ok", "not_a_picture", "empty", "truncated", "ok"]
    assert all(result.message.startswith(f"{result.source}: ") for result in results if not result.is_readable)
    assert results[0] == whole.analyze(folder / "a.png")


def test_analyze_of_a_folder_keeps_no_pictures_but_can_draw_them(whole: Analyzer, folder: Path) -> None:
    results = whole.analyze(folder)
    assert isinstance(results, Recognitions)
    assert all(result.image is None for result in results)
    assert [picture.shape[0] for picture in results.draw()] == [240, 160, 160, 160, 240]


def test_analyze_of_a_list_keeps_what_cannot_be_read_again(whole: Analyzer, folder: Path) -> None:
    results = whole.analyze([FACE, encode(FACE), folder / "a.png", b"junk"])
    assert isinstance(results, Recognitions)
    assert [result.status for result in results] == ["ok", "ok", "ok", "not_a_picture"]
    assert [result.image is None for result in results] == [False, False, True, True]
    assert len(results.draw()) == 4


def test_analyze_of_a_missing_file_is_a_status(analyzer: Analyzer) -> None:
    result = analyzer.analyze("gone.jpg")
    assert isinstance(result, Recognition)
    assert (result.status, result.message) == ("missing", "gone.jpg: no such file or folder; check the path")


def test_analyze_of_an_empty_folder_is_one_status(analyzer: Analyzer, tmp_path: Path) -> None:
    results = analyzer.analyze(tmp_path)
    assert isinstance(results, Recognitions)
    assert [result.status for result in results] == ["missing"]
    assert results[0].message.startswith(f"{tmp_path}: no picture in this folder")


def test_analyze_of_nothing_is_no_result(analyzer: Analyzer) -> None:
    assert len(analyzer.analyze([])) == 0  # type: ignore[arg-type]


def test_analyze_of_a_picture_without_a_face_says_so(analyzer: Analyzer) -> None:
    result = analyzer.analyze(np.full((100, 120), 200, dtype=np.uint8))
    assert isinstance(result, Recognition)
    assert (result.status, result.faces, result.size_hw) == ("no_face", (), (100, 120))


def test_analyze_keeps_a_message_in_one_line_whatever_the_files_name(analyzer: Analyzer, tmp_path: Path) -> None:
    (tmp_path / "two\nlines.jpg").write_bytes(b"")
    result = analyzer.analyze(tmp_path / "two\nlines.jpg")
    assert isinstance(result, Recognition)
    assert result.message.endswith("two lines.jpg: empty (0 bytes); expected JPEG, PNG, WebP, BMP or TIFF")


def test_analyze_says_which_frame_was_read(whole: Analyzer) -> None:
    file = io.BytesIO()
    frames = [Image.fromarray(FACE), Image.fromarray(255 - FACE)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    result = whole.analyze(file.getvalue())
    assert isinstance(result, Recognition)
    assert (result.status, result.message) == ("ok", "first of 2 frames")


def test_analyze_flags_an_unsure_face(tiny_model: Path) -> None:
    loaded = load_model_file(tiny_model)
    strict = replace(loaded, contract=replace(loaded.contract, unsure_below=1.0))
    lenient = replace(loaded, contract=replace(loaded.contract, unsure_below=0.0))
    assert Analyzer(strict, "none").analyze(FACE).faces[0].flags == ("unsure",)
    assert Analyzer(lenient, "none").analyze(FACE).faces[0].flags == ()


@pytest.mark.parametrize("method", ["lac", "aps"])
def test_analyze_gives_the_expressions_of_a_conformal_set(tiny_model: Path, method: str) -> None:
    loaded = load_model_file(tiny_model)
    sets = ConformalSets(method, 0.8, 0.85)
    analyzer = Analyzer(replace(loaded, contract=replace(loaded.contract, conformal=sets.to_dict())), "none")
    result = analyzer.analyze(FACE)
    assert isinstance(result, Recognition)
    (face,) = result.faces
    probabilities = np.array(list(face.probabilities.values()))
    members = sets.select(probabilities[None])[0]
    assert result.set_coverage == 0.8
    assert 0 < members.sum() < 7
    assert face.expression_set == tuple(
        name
        for name in sorted(face.probabilities, key=face.probabilities.__getitem__, reverse=True)
        if members[TINY_CONTRACT.expressions.index(name)]
    )


def test_analyze_gives_no_set_where_the_model_has_none(whole: Analyzer) -> None:
    result = whole.analyze(FACE)
    assert isinstance(result, Recognition)
    assert (result.set_coverage, result.faces[0].expression_set) == (None, None)


def test_analyze_flags_a_small_face(whole: Analyzer) -> None:
    assert "too_small" in whole.analyze(FACE[:30, :30]).faces[0].flags


def test_analyze_crops_with_the_contracts_margin_for_the_detector(tiny_model: Path) -> None:
    class Fixed:
        name = "haar"

        def detect(self, image_rgb: np.ndarray) -> list[Detection]:
            landmarks = np.array([[30, 40], [70, 40], [50, 60], [35, 80], [65, 80]], dtype=np.float32)
            return [Detection(np.array([20, 20, 60, 60], dtype=np.float32), 0.5, landmarks)]

    image_rgb = np.random.default_rng(1).integers(0, 256, (90, 90, 3), dtype=np.uint8)
    analyzer = Analyzer(tiny_model, Fixed())
    (face,) = analyzer.analyze(image_rgb).faces
    crop = image_rgb[18:62, 18:62]
    expected = analyzer.recognizer.predict_probabilities(analyzer.recognizer.prepare([crop]))[0]
    assert analyzer.margin == 0.1
    assert list(face.probabilities.values()) == [float(value) for value in expected]
    assert face.landmarks is not None
    assert face.landmarks[2] == (50.0, 60.0)


def test_analyzer_refuses_a_detector_that_the_model_was_not_measured_with(tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path / "a.onnx", replace(TINY_CONTRACT, crop_margins={"none": 0.0, "yunet": 0.2}))
    with pytest.raises(
        ModelFileError, match="'tiny' has no crop margin for detector 'haar'; it has them for: none, yunet"
    ):
        Analyzer(path, "haar")


def test_analyze_each_gives_results_one_by_one(whole: Analyzer) -> None:
    def endless() -> object:
        while True:
            yield FACE

    results = whole.analyze_each(endless())  # type: ignore[arg-type]
    assert [next(results).source for _ in range(3)] == ["array 0", "array 1", "array 2"]
    assert next(results).image is not None


def test_analyze_may_be_called_from_several_threads(analyzer: Analyzer) -> None:
    expected = analyzer.analyze(PICTURES / "astronaut.png")
    results: list[object] = []
    threads = [
        threading.Thread(target=lambda: results.append(analyzer.analyze(PICTURES / "astronaut.png"))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 4


def test_module_analyze_is_the_packages_and_keeps_its_analyzer(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert mien.analyze is analyze
    first = mien.analyze(FACE, model=tiny_model, detector="none")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("made twice")

    monkeypatch.setattr(Analyzer, "__init__", refuse)
    assert mien.analyze(FACE, model=str(tiny_model), detector="none") == first


def test_module_analyze_notices_a_changed_model_file(tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path / "a.onnx")
    first = mien.analyze(FACE, model=path, detector="none")
    write_tiny_model(path, replace(TINY_CONTRACT, name="other", temperature=9.0))
    second = mien.analyze(FACE, model=path, detector="none")
    assert (first.model, second.model) == ("tiny", "other")  # type: ignore[union-attr]
    assert first.faces[0].probability > second.faces[0].probability


def test_module_analyze_raises_for_what_is_not_a_pictures_fault(tiny_model: Path) -> None:
    with pytest.raises(MienError, match="unknown face detector 'hear'"):
        mien.analyze(FACE, model=tiny_model, detector="hear")
    with pytest.raises(ModelFileError, match=r"gone.onnx: no such model file"):
        mien.analyze(FACE, model="gone.onnx")
    with pytest.raises(TypeError, match="got int"):
        mien.analyze(5, model=tiny_model)  # type: ignore[arg-type]


def test_an_analyzer_is_opened_once_for_the_same_files(tiny_model: Path, tmp_path: Path) -> None:
    assert open_analyzer(tiny_model, "none") is open_analyzer(str(tiny_model), "none")
    file = write_tiny_model(tmp_path / "tiny.onnx")
    first = open_analyzer(file, "none")
    write_tiny_model(file, replace(TINY_CONTRACT, name="changed"))
    assert open_analyzer(file, "none").model_file.contract.name == "changed"
    assert first.model_file.contract.name == "tiny"


def test_the_default_detector_takes_no_model_file(tiny_model: Path) -> None:
    with pytest.raises(MienError, match=r"some.onnx: name the detector that this file is for, such as yunet"):
        Analyzer(tiny_model, detector_model="some.onnx")


class CountingEngines:
    """Notes what the analyzer asks for, and starts ONNX Runtime."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int | None]] = []

    def __call__(
        self, model_file: ModelFile, name: str, *, threads: int | None, num_pictures: int | None
    ) -> StartedEngine:
        self.asked.append((name, num_pictures))
        return StartedEngine(OnnxRuntimeEngine(model_file, threads), {})


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> CountingEngines:
    engines = CountingEngines()
    monkeypatch.setattr(recognizer, "start_engine", engines)
    analyzer_module._keep_analyzer.cache_clear()
    return engines


def test_the_analyzer_passes_engine_and_number_of_pictures_on(tiny_model: Path, engines: CountingEngines) -> None:
    analyzer = Analyzer(tiny_model, "none", engine="openvino", num_pictures=7)
    assert engines.asked == [("openvino", 7)]
    assert analyzer.engine == "onnxruntime"


def test_the_analyzer_expects_many_pictures_where_nothing_is_said(tiny_model: Path, engines: CountingEngines) -> None:
    Analyzer(tiny_model, "none")
    assert engines.asked == [("auto", None)]


@pytest.mark.parametrize(("num_pictures", "expected"), [(1, "onnxruntime"), (2, "onnxruntime"), (3, "auto")])
def test_analyze_takes_the_fast_engine_for_many_pictures_only(  # noqa: PLR0917 - fixtures and cases
    tiny_model: Path,
    tmp_path: Path,
    engines: CountingEngines,
    monkeypatch: pytest.MonkeyPatch,
    num_pictures: int,
    expected: str,
) -> None:
    monkeypatch.setattr(choice, "FEW_PICTURES", 3)
    pictures = [np.full((60, 60), 10 * number, dtype=np.uint8) for number in range(num_pictures)]
    for number, picture in enumerate(pictures):
        write_picture(tmp_path / f"{number}.png", np.repeat(picture[..., None], 3, axis=2))
    for source in (pictures, tmp_path):
        analyzer_module._keep_analyzer.cache_clear()
        analyze(source, model=str(tiny_model), detector="none")
    assert [name for name, _ in engines.asked] == [expected, expected]


def test_analyze_refuses_an_unknown_engine(tiny_model: Path) -> None:
    with pytest.raises(EngineError, match="unknown engine 'tensorrt'"):
        analyze(np.zeros((60, 60), dtype=np.uint8), model=str(tiny_model), detector="none", engine="tensorrt")
