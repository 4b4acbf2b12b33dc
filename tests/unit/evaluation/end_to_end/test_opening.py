import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mien.data import FaceSet, read_dataset
from mien.errors import DataError, MienError, ModelFileError, PictureError, ProtocolError, RunFolderError
from mien.evaluation.end_to_end import find_model_file, open_faces
from mien.evaluation.judge import judge
from mien.recognition.model_file import ModelFile, load_model_file
from mien.training import RunFolder
from tests.conftest import make_rows, write_csv, write_folders
from tests.tiny_model import TINY_CONTRACT, write_tiny_model


def write_model(folder: Path, csv: Path | str, **changes: object) -> ModelFile:
    recipe = {"name": "tiny", "data": {"dataset": "fer2013", "path": str(csv)}}
    return load_model_file(write_tiny_model(folder / "tiny.onnx", replace(TINY_CONTRACT, recipe=recipe, **changes)))


@pytest.fixture
def face_set(fer2013_csv: Path) -> FaceSet:
    return read_dataset("fer2013", fer2013_csv)


@pytest.fixture
def model_file(tmp_path: Path, fer2013_csv: Path, face_set: FaceSet) -> ModelFile:
    return write_model(tmp_path, fer2013_csv, data_fingerprint=face_set.fingerprint)


def test_faces_of_the_contracts_data_are_spread_over_the_split(model_file: ModelFile, face_set: FaceSet) -> None:
    opened = open_faces(model_file, rows=5)
    part = face_set.split("validation")
    rows = np.linspace(0, 13, 5).astype(int)
    np.testing.assert_array_equal(np.stack(opened.faces), part.faces[rows])
    assert opened.expressions == tuple(part.expressions[label] for label in part.labels[rows])
    assert (opened.data_set, opened.split, opened.kind, len(opened)) == ("fer2013", "validation", "choice", 5)
    assert (opened.num_left_out, opened.unknown_sources, opened.is_leaky) == (0, (), False)
    assert len(open_faces(model_file)) == 14


def test_faces_are_pasted_as_they_are_before_preparation(tmp_path: Path, fer2013_csv: Path) -> None:
    data = {"path": str(fer2013_csv), "prepare": [{"operation": "resize", "size_hw": [24, 24], "filter": "area"}]}
    contract = replace(TINY_CONTRACT, recipe={"data": data})
    opened = open_faces(load_model_file(write_tiny_model(tmp_path / "tiny.onnx", contract)), rows=2)
    assert [face.shape for face in opened.faces] == [(48, 48)] * 2


def test_the_contracts_data_may_lie_elsewhere(tmp_path: Path, fer2013_csv: Path) -> None:
    model_file = write_model(tmp_path, "gone.csv")
    with pytest.raises(DataError, match=r"gone\.csv"):
        open_faces(model_file)
    assert len(open_faces(model_file, path=str(fer2013_csv), rows=3)) == 3


def test_copies_in_training_are_marked(tmp_path: Path) -> None:
    faces, labels, usages = make_rows(140)
    faces[usages.index("PublicTest")] = faces[0]
    opened = open_faces(write_model(tmp_path, write_csv(tmp_path / "fer2013.csv", faces, labels, usages)))
    assert opened.has_copy_in_training.tolist() == [True] + [False] * 13


def test_a_split_that_was_trained_on_is_refused(tmp_path: Path, fer2013_csv: Path, face_set: FaceSet) -> None:
    seen = {"training": "trained on", "validation": "trained on"}
    model_file = write_model(tmp_path, fer2013_csv, data_fingerprint=face_set.fingerprint, splits_seen=seen)
    with pytest.raises(ProtocolError, match="validation of fer2013 was trained on by 'tiny'; it cannot choose by it"):
        open_faces(model_file)


def test_training_is_refused(model_file: ModelFile) -> None:
    with pytest.raises(ProtocolError, match="training of fer2013 was seen by 'tiny' "):
        open_faces(model_file, split="training")


def test_what_a_forerunner_was_trained_on_is_refused(tmp_path: Path, fer2013_csv: Path, face_set: FaceSet) -> None:
    teacher = {"source": "teacher", "data_set": "fer2013", "splits_seen": {"test": "trained on"}}
    model_file = write_model(tmp_path, fer2013_csv, data_fingerprint="other", forerunners=(teacher,))
    with pytest.raises(ProtocolError, match=r"test of fer2013 was seen by 'tiny' \(trained on by teacher\)"):
        open_faces(model_file, split="test")


def test_test_opens_after_its_record_alone(tiny_run: RunFolder, tmp_path: Path) -> None:
    results, facts = tmp_path / "results", tiny_run.facts
    weights, path = tiny_run.weights_fingerprint(), tiny_run.recipe.data.path
    model_file = write_model(tmp_path, path, weights_fingerprint=weights, data_fingerprint=facts["data_fingerprint"])
    message = f"tiny: no record of these weights on fer2013 under {results}, so its test faces are not shown to it"
    with pytest.raises(ProtocolError, match=message):
        open_faces(model_file, split="test", results_folder=results)
    judge(tiny_run, results_folder=results)
    opened = open_faces(model_file, split="test", results_folder=results)
    assert (opened.kind, len(opened)) == ("judgement", 14)
    other = write_model(tmp_path, path, weights_fingerprint="other")
    with pytest.raises(ProtocolError, match="no record of these weights"):
        open_faces(other, split="test", results_folder=results)


def test_another_data_set_is_judged_and_its_strange_classes_are_left_out(
    model_file: ModelFile, face_set: FaceSet
) -> None:
    names = ("contempt", *face_set.expressions[1:])
    other = replace(face_set, name="others", expressions=names)
    opened = open_faces(model_file, face_set=other)
    assert (opened.data_set, opened.kind, opened.num_left_out, len(opened)) == ("others", "judgement", 2, 12)
    assert "contempt" not in opened.expressions


def test_a_split_without_a_known_class_is_refused(model_file: ModelFile, face_set: FaceSet) -> None:
    other = replace(face_set, name="others", expressions=tuple("abcdefg"))
    with pytest.raises(DataError, match="others: no validation face shows what 'tiny' knows \\(angry, disgust, "):
        open_faces(model_file, face_set=other)


def test_files_of_another_data_set_are_read_and_a_broken_one_is_named(model_file: ModelFile, tmp_path: Path) -> None:
    faces, labels, _ = make_rows(70)
    folder = write_folders(tmp_path / "own", faces, labels, ["PrivateTest"] * 70, has_prefix=False)
    file = next(iter(folder.rglob("*.png")))
    Image.fromarray(faces[0][:40, :40]).save(file)  # pictures of several sizes stay in their files
    own = read_dataset("class_folders", folder)
    own = replace(own, splits=np.array(["validation"] * len(own)))
    shapes = [face.shape[:2] for face in open_faces(model_file, face_set=own).faces]
    assert sorted(shapes) == [(40, 40)] + [(48, 48)] * 69
    file.write_bytes(b"no picture")
    with pytest.raises(PictureError, match="not a picture"):
        open_faces(model_file, face_set=own)


def test_a_contract_without_data_asks_for_a_data_set(tmp_path: Path, face_set: FaceSet) -> None:
    model_file = load_model_file(write_tiny_model(tmp_path / "tiny.onnx"))
    with pytest.raises(DataError, match="its contract names no data that this version reads; name a data set"):
        open_faces(model_file)
    assert open_faces(model_file, face_set=face_set, rows=1).unknown_sources == ("tiny",)


def test_no_face_is_refused(model_file: ModelFile) -> None:
    with pytest.raises(MienError, match="rows is 0; expected at least 1 face"):
        open_faces(model_file, rows=0)


def test_models_are_found_by_name_file_and_folder(tiny_run: RunFolder, tmp_path: Path) -> None:
    assert find_model_file("compact").contract.name == "compact"
    file = write_tiny_model(tmp_path / "a.onnx")
    assert find_model_file(str(file)).path == file
    with pytest.raises(ModelFileError, match="unknown model 'compakt'"):
        find_model_file("compakt")
    folder = tiny_run.folder
    with pytest.raises(RunFolderError, match=r"tiny\.onnx: no such file; a run is judged end to end as it ships: mien"):
        find_model_file(str(folder))
    shutil.copy(file, folder / "tiny.onnx")
    with pytest.raises(RunFolderError, match=r"tiny\.onnx: holds other weights than its run has now; write it anew"):
        find_model_file(str(folder))
    own = replace(TINY_CONTRACT, weights_fingerprint=tiny_run.weights_fingerprint())
    written = write_tiny_model(folder / "tiny.onnx", own)
    assert find_model_file(str(folder)).path == written
