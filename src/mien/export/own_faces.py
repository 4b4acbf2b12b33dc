"""A model for one's own faces in one go: class folders and a model to begin with, fine-tuned and exported."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mien.data import read_dataset
from mien.errors import DataError, ModelFileError, WeightsError
from mien.evaluation.judge import choose, judge
from mien.export.before_training import check_before_training
from mien.export.export_run import ExportReport, export_run
from mien.metrics.figures import Figures
from mien.models.rebuilding import find_crop_side
from mien.recognition.model_file import Contract, ModelFile, load_model_file, shipped_models
from mien.training import RunFolder, train
from mien.training.recipe import Recipe, apply_change, build_recipe
from mien.training.training_data import read_training_data
from mien.writing import plain_name

SMALLEST_CLASS = 10
"""Fewer pictures of a class cannot be cut into training, validation and test."""


@dataclass(frozen=True)
class OwnFaces:
    """What became of a folder of faces.

    Args:
        run: The run.
        figures: Figures on the test faces, by which nothing was chosen; on validation where there are no test faces.
        export: The new model file.
    """

    run: RunFolder
    figures: Figures
    export: ExportReport


def plan_own_faces(folder: Path, *, start: str = "compact", crop: str = "", changes: tuple[str, ...] = ()) -> Recipe:
    """Return the recipe by which a folder of faces is learned.

    A tenth of the pictures chooses and a fifth judges unless the folder has splits of its own. The head alone trains
    first, then all, the backbone with a tenth of the rate. Everything can be changed.

    Args:
        folder: Class folders, or one folder a split with class folders inside; expressions, or classes of one's own.
        start: Shipped model or model file to begin with.
        crop: Detector that cuts the face out of each picture; empty where the pictures are faces already.
        changes: Settings changed on the way, such as ``"training.epochs=5"``.

    Raises:
        DataError: If the folder cannot be read, a class has too few pictures to be cut into splits, or the model knows
            no crop margin for the detector.
        ModelFileError: If there is no such model.
        WeightsError: If the model's contract names no network.
        RecipeError: If a changed setting is none, or has a wrong value.
    """
    model_file = _load_start(start)
    contract = model_file.contract
    model, head, crop_side = contract.recipe.get("model"), contract.recipe.get("head"), find_crop_side(contract)
    if not isinstance(model, Mapping):
        raise WeightsError(f"{model_file.path}: its contract names no network, so none can be rebuilt")
    face_set = read_dataset("class_folders", folder, own_classes=True)
    name = plain_name(folder.resolve().name) or "faces"
    steps: list[Any] = []
    if crop:
        steps = [{"operation": "crop_face", "detector": crop, "margin": _margin(contract, crop)}]
    settings: dict[str, Any] = {
        "name": f"{name}-from-{plain_name(contract.name) or 'model'}",
        "data": {
            "dataset": "class_folders",
            "path": str(folder),
            "options": {"own_classes": True, "name": name},
            "prepare": [*steps, *contract.preparation],
            "on_unreadable": "drop",
            **_splits_to_cut(face_set.split_counts(), face_set.class_counts(), folder),
        },
        "model": {key: value for key, value in model.items() if key != "pretrained"},
        **({"head": head} if head else {}),
        **({"augmentation": {"crop_pixels": crop_side}} if crop_side else {}),
        "finetuning": {"weights": start, "freeze_epochs": 3, "backbone_rate": 0.1},
        "optimizer": {"learning_rate": 0.01},
        "training": {
            "epochs": 15,
            "batch_size": max(2, min(64, face_set.split_counts()["training"] // 8)),
            "average_decay": 0.9,
            "views": list(contract.views),
        },
    }
    for change in changes:
        apply_change(settings, change)
    return build_recipe(settings, source=str(folder))


def learn_own_faces(
    recipe: Recipe,
    *,
    output: Path | None = None,
    runs_folder: Path = Path("runs"),
    results_folder: Path = Path("results"),
    say: Callable[[str], None] = lambda line: None,
) -> OwnFaces:
    """Train by a recipe, judge the run on its test faces and export it with the crop margins of what it began with.

    Args:
        recipe: As `plan_own_faces` gives it.
        output: The model file to write; None writes ``NAME.onnx`` into the run folder.
        runs_folder: Folder of all runs.
        results_folder: Where the record of the judgement lies.
        say: Is told each step.

    Raises:
        DataError: If the pictures cannot be read.
        ModelFileError: If the recipe begins with something else than a model file.
        MienError: If training is refused, or judging or exporting would be, for which nothing trains.
    """
    start = _load_start(recipe.finetuning.weights).contract
    data = read_training_data(recipe.data)
    check_before_training(recipe, data, start=start, output=output, results_folder=results_folder)
    run = train(recipe, runs_folder=runs_folder)
    has_test = bool(run.facts["split_counts"]["test"])
    figures = judge(run, results_folder=results_folder).figures if has_test else choose(run)
    report = export_run(
        run,
        output or run.folder / f"{recipe.name}.onnx",
        data=data,
        detectors=(),
        known_margins=start.crop_margins,
        results_folder=results_folder,
        say=say,
    )
    return OwnFaces(run, figures, report)


def _load_start(start: str) -> ModelFile:
    """Return the model to begin with; runs have no crop margins and no steps for a single face, files have."""
    if start in shipped_models():
        return load_model_file(start)
    expected = f"expected a shipped model ({', '.join(shipped_models())}) or a model file (.onnx)"
    if not start:
        raise ModelFileError(f"finetuning.weights names nothing to begin with; {expected}")
    if Path(start).is_dir():
        raise ModelFileError(f"{start} is a folder; {expected}, as `mien export {start}` makes one of a run")
    return load_model_file(Path(start) if Path(start).suffix else start)


def _margin(contract: Contract, detector: str) -> float:
    if detector not in contract.crop_margins or detector == "none":
        known = [name for name in contract.crop_margins if name != "none"]
        expected = f"expected {' or '.join(known)}" if known else f"export it again with --detector {detector}"
        raise DataError(f"{contract.name} knows no crop margin for {detector!r}; {expected}")
    return contract.crop_margins[detector]


def _splits_to_cut(by_split: Mapping[str, int], by_class: Mapping[str, int], folder: Path) -> dict[str, Any]:
    """Return what a recipe says of splits that the folder lacks."""
    if by_split["validation"] and by_split["test"]:
        return {}
    few = [f"{name} ({count})" for name, count in by_class.items() if count < SMALLEST_CLASS]
    if few:
        raise DataError(
            f"{folder}: too few pictures of {', '.join(few)}; expected {SMALLEST_CLASS} of each class at least, or "
            "folders train, val and test"
        )
    if by_split["test"]:
        return {"split": {"validation": 0.1}}
    return {"split": {"validation": 0.1, "test": 0.2, "of": ["training", "validation"]}}
