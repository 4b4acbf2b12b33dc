from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from mien.errors import DataError, ModelFileError, RecipeError, WeightsError
from mien.export.export_run import export_run
from mien.export.own_faces import learn_own_faces, plan_own_faces
from mien.recognition.analyzer import Analyzer
from mien.recognition.model_file import load_model_file
from mien.training import RunFolder, read_recipe, train
from mien.training.training_data import read_training_data
from tests.conftest import make_patterns
from tests.tiny_model import TINY_CONTRACT, write_tiny_model

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


def test_plan_own_faces_takes_over_what_the_network_is_built_of(folder: Path, tmp_path: Path) -> None:
    began = {
        "model": {"name": "resnet34", "pretrained": True, "norm": "group"},
        "head": {"hidden": [8]},
        "augmentation": {"crop_pixels": 40, "ten_crop": True, "flip": 0.0},
    }
    file = write_tiny_model(tmp_path / "tiny.onnx", replace(TINY_CONTRACT, name="Größe 2", recipe=began))
    recipe = plan_own_faces(folder, start=str(file))
    assert recipe.name == "my-faces-from-grosse-2"
    assert (recipe.model.name, recipe.model.options) == ("resnet34", {"norm": "group"})
    assert recipe.head is not None
    assert recipe.head.hidden == (8,)
    assert (recipe.augmentation.crop_pixels, recipe.augmentation.ten_crop, recipe.augmentation.flip) == (40, False, 0.5)


@pytest.mark.parametrize(("spelled", "name"), [("Fröhliche Gesichter", "frohliche-gesichter"), ("顔", "faces")])
def test_plan_own_faces_takes_any_name_of_a_folder(folder: Path, spelled: str, name: str) -> None:
    recipe = plan_own_faces(folder.rename(folder.with_name(spelled)))
    assert (recipe.name, recipe.data.options["name"]) == (f"{name}-from-compact", name)


def test_plan_own_faces_cuts_faces_out_first(folder: Path) -> None:
    first, *_ = plan_own_faces(folder, crop="haar").data.prepare
    margin = load_model_file("compact").contract.crop_margins["haar"]
    assert first == {"operation": "crop_face", "detector": "haar", "margin": margin}
    with pytest.raises(DataError, match="compact knows no crop margin for 'eyes'; expected haar or yunet"):
        plan_own_faces(folder, crop="eyes")


def test_plan_own_faces_says_how_a_model_learns_a_crop_margin(folder: Path, tmp_path: Path) -> None:
    began = replace(TINY_CONTRACT, recipe={"model": {"name": "vgg_se"}}, crop_margins={"none": 0.0})
    file = write_tiny_model(tmp_path / "tiny.onnx", began)
    with pytest.raises(DataError, match="tiny knows no crop margin for 'haar'; export it again with --detector haar"):
        plan_own_faces(folder, start=str(file), crop="haar")


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
        (
            ".",
            (),
            ModelFileError,
            r"\. is a folder; expected a shipped model \(compact\) or .*, as `mien export \.` makes",
        ),
        ("compact", ("training.epoch=3",), RecipeError, r"training\.epoch: unknown key; did you mean 'epochs'"),
        ("compact", ("model.name=hog_lbp_svm",), RecipeError, "finetuning: means nothing to 'hog_lbp_svm'"),
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


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("", r"finetuning\.weights names nothing to begin with; expected a shipped model \(compact\) or a model file"),
        (".", r"\. is a folder; expected a shipped model"),
    ],
)
def test_learn_own_faces_begins_with_a_model_file(folder: Path, tmp_path: Path, weights: str, message: str) -> None:
    recipe = plan_own_faces(folder, changes=(f"finetuning.weights={weights}",))
    with pytest.raises(ModelFileError, match=message):
        learn_own_faces(recipe, runs_folder=tmp_path / "runs", results_folder=tmp_path)
    assert not (tmp_path / "runs").exists()


@pytest.fixture
def unusual_run(tiny_recipe_file: Path, tmp_path: Path) -> RunFolder:
    """A run of all that a network's graph may be made of."""
    changes = [
        "model.norm=group",
        "model.output_activation=sigmoid",
        "head={pooling='flatten', hidden=[8], normalization='batch', dropout=0.1}",
        "augmentation.crop_pixels=40",
        "training.epochs=1",
    ]
    return train(read_recipe(tiny_recipe_file, changes), runs_folder=tmp_path / "began", console=Console(quiet=True))


def test_learn_own_faces_goes_on_with_any_exported_network(
    unusual_run: RunFolder, folder: Path, tmp_path: Path
) -> None:
    data = read_training_data(unusual_run.recipe.data)
    start = tmp_path / "began.onnx"
    export_run(unusual_run, start, data=data, detectors=(), results_folder=tmp_path)
    recipe = plan_own_faces(folder, start=str(start), changes=("training.epochs=1", "finetuning.freeze_epochs=0"))
    learned = learn_own_faces(recipe, runs_folder=tmp_path / "runs", results_folder=tmp_path)
    contract = learned.export.model_file.contract
    assert contract.recipe["head"] == load_model_file(start).contract.recipe["head"]
    assert contract.recipe["augmentation"]["crop_pixels"] == 40
    assert contract.expressions == ("happy", "sad", "very_bored")
