"""The model file that is judged end to end, and the faces of a split that it has not learned from."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from mien.data import FaceSet
from mien.data.audit.copies import rows_with_copy_in
from mien.errors import DataError, MienError, PictureError, ProtocolError, RunFolderError
from mien.evaluation.ensemble import open_model
from mien.evaluation.protocol import find_kind
from mien.evaluation.records import list_records
from mien.metrics.predictions import UNKNOWN
from mien.recognition.model_file import Contract, ModelFile, load_model_file, shipped_models
from mien.training.data_settings import DataSettings
from mien.training.forerunners import inherit
from mien.training.starting_weights import list_forerunners
from mien.training.training_data import TrainingData, read_training_data

NUM_FACES = 500


@dataclass(frozen=True, eq=False)
class OpenedFaces:
    """Faces on which a model file may be judged.

    Args:
        model_file: The model file.
        data_set: Name of the data set.
        split: Name of the split.
        kind: ``choice`` where the model was chosen on this split, else ``judgement``.
        faces: Each ``(H, W)`` or ``(H, W, 3)``, uint8, as they are before the model's preparation.
        expressions: What each shows, as the data set says.
        has_copy_in_training: Whether its picture also stands in the training split, shape ``(N,)``, bool.
        num_left_out: Faces of the split that show what the model has no name for.
        unknown_sources: The model, or what it began with, where nobody knows what that was trained on.
        is_leaky: Whether copies across splits were allowed when the data or the model were made.
    """

    model_file: ModelFile
    data_set: str
    split: str
    kind: str
    faces: tuple[NDArray[np.uint8], ...]
    expressions: tuple[str, ...]
    has_copy_in_training: NDArray[np.bool_]
    num_left_out: int = 0
    unknown_sources: tuple[str, ...] = ()
    is_leaky: bool = False

    def __len__(self) -> int:
        return len(self.faces)


def find_model_file(model: str) -> ModelFile:
    """Return the model file that is meant.

    Args:
        model: Name of a shipped model, a model file, or the folder of a run or an ensemble that was exported into it.

    Raises:
        ModelFileError: If there is no such model, or its file is damaged.
        RunFolderError: If a folder is none of a run, or holds no model file of its weights.
    """
    folder = Path(model)
    if model in shipped_models() or not folder.is_dir():
        return load_model_file(model)
    run = open_model(folder)
    file = folder / f"{run.recipe.name}.onnx"
    if not file.exists():
        raise RunFolderError(f"{file}: no such file; a run is judged end to end as it ships: mien export {folder}")
    model_file = load_model_file(file)
    if model_file.contract.weights_fingerprint != run.weights_fingerprint():
        raise RunFolderError(f"{file}: holds other weights than its run has now; write it anew: mien export {folder}")
    return model_file


def open_faces(
    model_file: ModelFile,
    *,
    split: str = "validation",
    rows: int | None = NUM_FACES,
    face_set: FaceSet | None = None,
    path: str | None = None,
    results_folder: Path = Path("results"),
) -> OpenedFaces:
    """Return faces of a split, spread evenly over it, that a model file has not learned from.

    Args:
        model_file: The model file.
        split: ``validation``, or ``test`` once a record of the model's weights on it exists.
        rows: Most faces; None takes all.
        face_set: The data set, of tight faces; None reads the one that the model's contract names.
        path: Where the contract's data set lies; None takes the place that the contract names.
        results_folder: Where records lie.

    Raises:
        ProtocolError: If the model was trained on the split, has seen it and it is test, or no record of its weights on
            test is there.
        DataError: If the data set cannot be read, or has no face of the split whose expression the model knows.
        PictureError: If a picture cannot be read.
        MienError: If `rows` is less than 1.
    """
    if rows is not None and rows < 1:
        raise MienError(f"rows is {rows}; expected at least 1 face")
    contract = model_file.contract
    data = None
    if face_set is None:
        data = _read_contract_data(model_file, path)
        face_set = data.face_set
    forerunners = list_forerunners(contract, source=contract.name)
    inherited = inherit({}, forerunners, face_set)
    kind = find_kind(inherited["splits_seen"], split, model=contract.name, data_set=face_set.name)
    if split == "test":
        _check_has_record(contract, face_set.name, results_folder)
    part, num_left_out = _known_part(face_set, split, contract)
    num_chosen = len(part) if rows is None else min(rows, len(part))
    chosen = part.select(np.unique(np.linspace(0, len(part) - 1, num_chosen).astype(np.int64)))
    with_copy = set(face_set.row_ids[rows_with_copy_in(face_set, "training")].tolist())
    return OpenedFaces(
        model_file,
        data_set=face_set.name,
        split=split,
        kind=kind,
        faces=_read_faces(chosen, data),
        expressions=tuple(chosen.expressions[label] for label in chosen.labels),
        has_copy_in_training=np.array([row_id in with_copy for row_id in chosen.row_ids.tolist()], dtype=bool),
        num_left_out=num_left_out,
        unknown_sources=tuple(each.source for each in forerunners if each.data_set == UNKNOWN),
        is_leaky=face_set.is_leaky or inherited.get("is_leaky", False),
    )


def _read_contract_data(model_file: ModelFile, path: str | None) -> TrainingData:
    named = model_file.contract.recipe.get("data")
    try:
        settings = DataSettings.model_validate(named)
    except ValidationError as fault:
        raise DataError(
            f"{model_file.path}: its contract names no data that this version reads; name a data set (--dataset)"
        ) from fault
    return read_training_data(settings if path is None else settings.model_copy(update={"path": path}))


def _check_has_record(contract: Contract, data_set: str, results_folder: Path) -> None:
    records = list_records(results_folder, data_set=data_set)
    if all(record.content["weights_fingerprint"] != contract.weights_fingerprint for record in records):
        raise ProtocolError(
            f"{contract.name}: no record of these weights on {data_set} under {results_folder}, so its test faces are "
            "not shown to it; take validation, or judge its run first with: mien evaluate --split test"
        )


def _known_part(face_set: FaceSet, split: str, contract: Contract) -> tuple[FaceSet, int]:
    """Return the rows of a split whose expression a model knows, and how many others there are."""
    part = face_set.split(split)
    is_known = np.isin(np.array(part.expressions)[part.labels], contract.expressions)
    if not is_known.any():
        raise DataError(
            f"{face_set.name}: no {split} face shows what {contract.name!r} knows ({', '.join(contract.expressions)}); "
            "name another split or data set"
        )
    return part.select(is_known), int((~is_known).sum())


def _read_faces(part: FaceSet, data: TrainingData | None) -> tuple[NDArray[np.uint8], ...]:
    """Return faces as a recognizer would get them: of the contract's own data cut out, but not prepared further."""
    if data is not None:
        return tuple(data.unprepared(part))
    faces = []
    for picture in part.read_each():
        if isinstance(picture, PictureError):
            raise picture
        faces.append(picture)
    return tuple(faces)
