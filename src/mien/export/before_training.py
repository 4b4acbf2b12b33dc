"""What would keep a model for one's own faces from being judged or exported, said before anything trains."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from mien.data import FaceSet
from mien.errors import DataError, ExportError, MienError, ProtocolError, RecipeError
from mien.evaluation.protocol import check_may_choose, check_may_judge, check_may_open
from mien.export.export_run import find_contract_steps
from mien.export.onnx_graph import build_onnx_graph
from mien.models.rebuilding import find_crop_side
from mien.recognition.model_file import Contract
from mien.training.forerunners import inherit
from mien.training.recipe import Recipe
from mien.training.run_folder import create_network, splits_seen_by
from mien.training.starting_weights import read_starting_weights
from mien.training.training_data import TrainingData
from mien.writing import explaining_write_faults


def check_before_training(
    recipe: Recipe, data: TrainingData, *, start: Contract, output: Path | None, results_folder: Path
) -> None:
    """Raise what judging or exporting a run would be refused for, as far as it can be known before it trains.

    Args:
        recipe: The recipe of the run.
        data: Its faces.
        start: Contract of the model that it begins with.
        output: The model file to write; None writes into the run folder.
        results_folder: Where the record of the judgement is to lie.

    Raises:
        RecipeError: If the run is to train on what a model file is calibrated on.
        DataError: If there are less than two classes.
        ProtocolError: If the model that it begins with may have seen the faces that choose or judge.
        ExportError: If a step of the preparation fits into no contract, or torch cannot write the network as ONNX.
        ModelFileError: If a contract would not be whole.
        MienError: If model file or record cannot be written.
    """
    face_set = data.face_set
    if recipe.training.join_validation:
        raise RecipeError(
            "training.join_validation leaves no faces to calibrate a model file on; leave it out, or train without "
            "--data"
        )
    if len(face_set.expressions) < 2:
        raise DataError(f"{face_set.name}: {', '.join(face_set.expressions)} is all there is; expected two classes")
    _check_splits(recipe, face_set, results_folder=results_folder)
    if output is not None:
        _check_writable(output)
    _check_export(recipe, data, start)


def _check_splits(recipe: Recipe, face_set: FaceSet, *, results_folder: Path) -> None:
    weights = read_starting_weights(recipe.finetuning.weights)
    seen = inherit(splits_seen_by(recipe), weights.forerunners, face_set)["splits_seen"]
    has_test = bool(face_set.split_counts()["test"])
    try:
        check_may_choose(seen, "validation", model=recipe.name, data_set=face_set.name)
        if has_test:
            check_may_judge(seen, "test", model=recipe.name, data_set=face_set.name)
    except ProtocolError:
        raise ProtocolError(
            f"{weights.source} has learned from faces of {face_set.name!r}, so none is left to choose and judge by; "
            "begin with another model, or name other faces otherwise: data.options.name=NAME"
        ) from None
    if has_test:
        check_may_open(model=recipe.name, shipped_name=None, results_folder=results_folder, data_set=face_set.name)


def _check_writable(output: Path) -> None:
    if output.is_dir():
        raise MienError(f"{output}: a folder; expected a file name, such as {output / 'faces.onnx'}")
    with explaining_write_faults(output):
        output.resolve().parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=output.resolve().parent).close()


def _check_export(recipe: Recipe, data: TrainingData, start: Contract) -> None:
    """Check that the run fits a contract and, if it is of another network than the start, that torch can export it."""
    faces = data.face_set.faces
    num_channels = 1 if faces.ndim == 3 else 3
    contract = replace(
        start,
        name=recipe.name,
        expressions=data.face_set.expressions,
        input_size_hw=faces.shape[1:3],
        colour="grey" if num_channels == 1 else "rgb",
        preparation=tuple(dict(step) for step in find_contract_steps(data).steps),
        mean=start.mean[:1] * num_channels,
        std=start.std[:1] * num_channels,
        calibrator={},  # the start's is of the start's classes
        recipe=recipe.model_dump(mode="json"),
    )
    if _network_of(contract) == _network_of(start):
        return
    facts = {"expressions": contract.expressions, "in_channels": num_channels, "size_hw": contract.input_size_hw}
    network = create_network(recipe, facts, is_pretrained=False)
    try:
        build_onnx_graph(network, size_hw=contract.input_size_hw, mean=contract.mean[0], std=contract.std[0])
    except ExportError as fault:
        raise ExportError(f"{recipe.model.name}: {fault}") from None


def _network_of(contract: Contract) -> tuple[Any, ...]:
    """Return what tells whether two contracts are of the same graph, whatever its classes and weights."""
    model: Any = contract.recipe["model"]
    options = {key: value for key, value in model.items() if key != "pretrained"}
    return options, contract.recipe.get("head"), find_crop_side(contract), contract.input_size_hw, contract.colour
