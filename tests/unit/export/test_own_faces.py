from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mien.errors import DataError, ModelFileError, RecipeError, WeightsError
from mien.export.own_faces import learn_own_faces, plan_own_faces
from mien.recognition.analyzer import Analyzer
from mien.recognition.model_file import load_model_file
from tests.conftest import make_patterns
from tests.tiny_model import write_tiny_model

CLASSES = ("happy", "Very Bored", "sad")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Class folders of 20 pictures each, 60 pixels wide."""
    faces, labels = make_patterns(60)
    for number, (face, label) in enumerate(zip(faces, labels, strict=True)):
        inside = tmp_path / "My faces" / CLASSES[label]
        inside.mkdir(parents=True, exist_ok=True)
        Image.fromarray(face).resize((60, 60)).save(inside / f"{number}.png")
    return tmp_path / "My faces"


def test_plan_own_faces_names_all_that_the_run_depends_on(folder: Path) -> None:
    recipe = plan_own_faces(folder, changes=("training.epochs=2",))
    assert (recipe.name, recipe.training.epochs) == ("my-faces-from-compact", 2)
    assert recipe.model.options["width"] == 24
    assert recipe.finetuning.weights == "compact"
    assert recipe.data.split is not None
    assert (recipe.data.split.validation, recipe.data.split.test) == (0.1, 0.2)
    assert recipe.data.prepare == load_model_file("compact").contract.preparation


def test_plan_own_faces_cuts_faces_out_first(folder: Path) -> None:
    first, *_ = plan_own_faces(folder, crop="haar").data.prepare
    margin = load_model_file("compact").contract.crop_margins["haar"]
    assert first == {"operation": "crop_face", "detector": "haar", "margin": margin}
    with pytest.raises(DataError, match="compact knows no crop margin for 'eyes'; expected haar or yunet"):
        plan_own_faces(folder, crop="eyes")


def test_plan_own_faces_keeps_splits_that_are_there(folder: Path) -> None:
    for name in CLASSES:
        for number, file in enumerate((folder / name).glob("*.png")):
            inside = folder / ("train", "val", "test")[number % 3] / name
            inside.mkdir(parents=True, exist_ok=True)
            file.rename(inside / file.name)
        (folder / name).rmdir()
    assert plan_own_faces(folder).data.split is None


def test_plan_own_faces_says_which_class_is_too_small(folder: Path) -> None:
    for file in sorted((folder / "sad").glob("*.png"))[3:]:
        file.unlink()
    with pytest.raises(DataError, match=r"My faces: too few pictures of sad \(3\); expected 10 of each class at least"):
        plan_own_faces(folder)


@pytest.mark.parametrize(
    ("start", "changes", "error", "message"),
    [
        ("compacd", (), ModelFileError, "unknown model 'compacd'; did you mean 'compact'"),
        ("compact", ("training.epoch=3",), RecipeError, r"training\.epoch: unknown key; did you mean 'epochs'"),
    ],
)
def test_plan_own_faces_says_what_is_wrong(
    folder: Path, start: str, changes: tuple[str, ...], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        plan_own_faces(folder, start=start, changes=changes)


def test_plan_own_faces_needs_a_network_that_it_can_rebuild(folder: Path, tmp_path: Path) -> None:
    file = write_tiny_model(tmp_path / "tiny.onnx")
    with pytest.raises(WeightsError, match=r"tiny\.onnx: its contract names no network, so none can be rebuilt"):
        plan_own_faces(folder, start=str(file))


def test_learn_own_faces_trains_judges_and_exports(folder: Path, tmp_path: Path) -> None:
    recipe = plan_own_faces(folder, changes=("training.epochs=4", "finetuning.freeze_epochs=1"))
    learned = learn_own_faces(
        recipe, output=tmp_path / "mine.onnx", runs_folder=tmp_path / "runs", results_folder=tmp_path
    )
    contract = learned.export.model_file.contract
    assert contract.crop_margins == load_model_file("compact").contract.crop_margins
    assert contract.expressions == ("happy", "sad", "very_bored")
    assert (learned.figures.kind, learned.figures.all_rows.num_rows) == ("judgement", 12)
    assert learned.figures.all_rows.accuracy > 0.6
    faces = Analyzer(tmp_path / "mine.onnx", detector="none").analyze(np.full((60, 60, 3), 90, dtype=np.uint8)).faces
    assert set(faces[0].probabilities) == set(contract.expressions)
