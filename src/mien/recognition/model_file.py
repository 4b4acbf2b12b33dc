"""A shipped model: one ONNX file whose metadata carry the contract that recognition obeys.

The exporter writes it, the recognizer and the analyzer read it, ``mien models`` prints it.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from mien.errors import MienError, ModelFileError, suggest
from mien.images.preparation import find_export_faults, prepare_face, prepared_dtype
from mien.recognition.calibrators import calibrator_from_contract
from mien.recognition.conformal import sets_from_contract
from mien.recognition.onnx_metadata import read_onnx_metadata

METADATA_KEY = "mien_contract"
"""Key of the ONNX file's custom metadata under which the contract stands, as JSON."""

INPUT_NAME, OUTPUT_NAME = "faces", "logits"
"""Names in the graph: prepared faces, float32 ``(N, C, H, W)``, in, float32 ``(N, num_classes)`` out.

Faces are levels from 0 to 255, unless the contract's steps leave other numbers.
"""

VIEWS: tuple[str, ...] = ("plain", "flip")
"""Test-time views: the face as it is, and mirrored left to right."""


def order_views(views: Iterable[str]) -> tuple[str, ...]:
    """Return views in the order that mien keeps them in.

    Args:
        views: Some of `VIEWS`, each once, in any order.

    Raises:
        ModelFileError: If there is none, one is unknown, or one stands twice.
    """
    wanted = list(views)
    for view in wanted:
        if view not in VIEWS:
            raise ModelFileError(f"unknown view {view!r}; expected {' or '.join(VIEWS)}")
    if not wanted or len(set(wanted)) != len(wanted):
        raise ModelFileError(f"views must be different ones of {', '.join(VIEWS)}; got {', '.join(wanted) or 'none'}")
    return tuple(view for view in VIEWS if view in wanted)


NUM_CHANNELS: dict[str, int] = {"grey": 1, "rgb": 3}
"""Channels of the input by the contract's colour."""

OPTIONAL: tuple[str, ...] = ("forerunners", "calibrator", "conformal", "variant")
"""Fields that the JSON leaves out where they are empty, so that the file is one that earlier versions read."""


@dataclass(frozen=True)
class Contract:
    """How a model must be fed, what it answers, what it was trained on, and how well it does.

    Args:
        name: Name under which it ships.
        expressions: Names of the classes, in the order of the logits.
        input_size_hw: Height and width of a prepared face.
        colour: ``grey`` or ``rgb``.
        preparation: Steps from a crop to the network's input, as ``mien.images.preparation`` runs them.
        crop_margins: Margin of the crop for each face detector by name; 0 for ``none``.
        views: Test-time views whose logits are averaged: ``("plain",)`` or ``("plain", "flip")``.
        mean: Mean of each channel of the prepared faces; applied inside the graph, here for the reader.
        std: Standard deviation of each channel; applied inside the graph, here for the reader.
        temperature: Divides the logits before the softmax; 1 beside a calibrator.
        unsure_below: Faces whose highest probability is lower are flagged unsure.
        data_fingerprint: Fingerprint of the training data.
        splits_seen: What the model has seen of each split, such as ``{"training": "trained on"}``.
        scores: Its figures, by name.
        crop_margin_losses: Accuracy lost by each detector's crops, as measured when the margins were chosen.
        recipe: The recipe it was trained with.
        weights_fingerprint: Fingerprint of the trained weights.
        licence: Licence of the weights.
        mien_version: Version of mien that wrote it.
        forerunners: What it began with and learned from, as `mien.training.forerunners` lists it.
        calibrator: What makes probabilities of logits, as `mien.recognition.calibrators` describes it; empty where the
            temperature says all.
        conformal: Conformal sets, as `mien.recognition.conformal` describes them; empty where there are none.
        variant: Of a smaller variant of another file: its precision, of what and how far they agree; else empty.

    Raises:
        ModelFileError: If a field has a wrong type or value; the line lists all faults.
    """

    name: str
    expressions: tuple[str, ...]
    input_size_hw: tuple[int, int]
    colour: str
    preparation: tuple[dict[str, object], ...]
    crop_margins: dict[str, float]
    views: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    temperature: float
    unsure_below: float
    data_fingerprint: str
    splits_seen: dict[str, str]
    scores: dict[str, object]
    crop_margin_losses: dict[str, object]
    recipe: dict[str, object]
    weights_fingerprint: str
    licence: str
    mien_version: str
    forerunners: tuple[dict[str, object], ...] = ()
    calibrator: dict[str, object] = field(default_factory=dict)
    conformal: dict[str, object] = field(default_factory=dict)
    variant: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        faults = _find_type_faults(self) or _find_value_faults(self)
        if faults:
            raise ModelFileError(f"contract of model {self.name!r}: {'; '.join(faults)}")

    @property
    def num_channels(self) -> int:
        """Return the number of channels of the network's input."""
        return NUM_CHANNELS[self.colour]

    @property
    def input_dtype(self) -> str:
        """Return what prepared faces are made of: ``uint8``, or ``float32`` where the steps leave such."""
        return prepared_dtype(self.preparation)

    def to_json(self) -> str:
        """Return the contract as JSON, the way it stands in the file's metadata."""
        values = {name: value for name, value in asdict(self).items() if value or name not in OPTIONAL}
        return json.dumps(values, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> "Contract":
        """Return the contract that ``to_json`` wrote.

        Args:
            text: JSON.

        Raises:
            ModelFileError: If it is no JSON object, a field is missing or unknown, or a value is wrong.
        """
        try:
            values = json.loads(text)
        except ValueError as error:
            raise ModelFileError(f"contract: not JSON ({error})") from error
        if not isinstance(values, dict):
            raise ModelFileError(f"contract: expected a JSON object, got {type(values).__name__}")
        known = [each.name for each in fields(cls)]
        faults = [f"field {name!r} is missing" for name in known if name not in (*values, *OPTIONAL)]
        faults += [f"unknown field {name!r}{suggest(name, known)}" for name in values if name not in known]
        if faults:
            raise ModelFileError(f"contract of model {values.get('name', '?')!r}: {'; '.join(faults)}")
        arguments: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
        }
        return cls(**arguments)


@dataclass(frozen=True)
class ModelFile:
    """A model file and its contract.

    Args:
        path: The ONNX file.
        contract: What stands in its metadata.
    """

    path: Path
    contract: Contract

    @property
    def num_bytes(self) -> int:
        """Return the size of the file."""
        return self.path.stat().st_size


def shipped_models() -> list[str]:
    """Return the names of the models inside the package, sorted."""
    return sorted(path.stem for path in _models_folder().glob("*.onnx"))


def load_model_file(name_or_path: str | Path) -> ModelFile:
    """Return a model file with its contract checked; the network itself is loaded by ``Recognizer``.

    Args:
        name_or_path: A shipped model's name, or a path (something with a folder or an ending).

    Raises:
        ModelFileError: If the name is unknown, or the file is missing, cut off, without a contract, or its
            contract is broken.
    """
    path = _locate(name_or_path)
    metadata = read_onnx_metadata(path)
    if METADATA_KEY not in metadata:
        raise ModelFileError(f"{path}: an ONNX file without mien's contract; expected one made by 'mien export'")
    try:
        return ModelFile(path, Contract.from_json(metadata[METADATA_KEY]))
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from error


def _models_folder() -> Path:
    return Path(str(resources.files("mien.recognition"))) / "models"


def _locate(name_or_path: str | Path) -> Path:
    path = Path(name_or_path)
    if isinstance(name_or_path, Path) or len(path.parts) != 1 or path.suffix != "":
        return path
    shipped = shipped_models()
    if name_or_path in shipped:
        return _models_folder() / f"{name_or_path}.onnx"
    if path.is_file():
        return path
    known = suggest(name_or_path, shipped) or "; no model is inside this package, name a model file"
    raise ModelFileError(f"unknown model {name_or_path!r}{known}")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _tuple_of(is_item: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, tuple) and len(value) > 0 and all(is_item(item) for item in value)


def _table_of(is_item: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: (
        isinstance(value, dict) and all(isinstance(key, str) and is_item(item) for key, item in value.items())
    )


def _is_forerunner(value: object) -> bool:
    return isinstance(value, Mapping) and _is_text(value.get("source"))


def _is_variant(value: object) -> bool:
    return isinstance(value, Mapping) and _is_text(value.get("precision"))


def _is_side(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_size(value: object) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(_is_side(side) for side in value)


_TEXT = ("text", _is_text)
_NUMBERS = ("one or more numbers", _tuple_of(_is_number))
_NAMES = ("one or more names", _tuple_of(_is_text))
_TABLE = ("a table by name", _table_of(lambda _: True))
_TYPES: dict[str, tuple[str, Callable[[object], bool]]] = {
    "name": _TEXT,
    "expressions": _NAMES,
    "input_size_hw": ("two positive whole numbers", _is_size),
    "colour": _TEXT,
    "preparation": ("one or more steps", _tuple_of(lambda step: isinstance(step, Mapping))),
    "crop_margins": ("numbers by detector", _table_of(_is_number)),
    "views": _NAMES,
    "mean": _NUMBERS,
    "std": _NUMBERS,
    "temperature": ("a number", _is_number),
    "unsure_below": ("a number", _is_number),
    "data_fingerprint": _TEXT,
    "splits_seen": ("texts by split", _table_of(_is_text)),
    "scores": _TABLE,
    "crop_margin_losses": _TABLE,
    "recipe": _TABLE,
    "weights_fingerprint": _TEXT,
    "licence": _TEXT,
    "mien_version": _TEXT,
    "forerunners": ("tables that name a source each", lambda value: value == () or _tuple_of(_is_forerunner)(value)),
    "calibrator": _TABLE,
    "conformal": _TABLE,
    "variant": ("a table that names a precision", lambda value: value == {} or _is_variant(value)),
}


def _find_type_faults(contract: Contract) -> list[str]:
    values = {each.name: getattr(contract, each.name) for each in fields(contract)}
    return [
        f"{name} must be {expected}, got {values[name]!r}"
        for name, (expected, fits) in _TYPES.items()
        if not fits(values[name])
    ]


def _find_value_faults(contract: Contract) -> list[str]:
    faults: list[str] = []
    if contract.colour not in NUM_CHANNELS:
        return [f"colour must be {' or '.join(NUM_CHANNELS)}, got {contract.colour!r}"]
    if len(set(contract.expressions)) < 2 or len(set(contract.expressions)) != len(contract.expressions):
        faults.append(f"expressions must be two or more different names, got {contract.expressions}")
    if not set(contract.views) <= set(VIEWS) or len(set(contract.views)) != len(contract.views):
        faults.append(f"views must be different ones of {', '.join(VIEWS)}; got {', '.join(contract.views)}")
    if len(contract.mean) != contract.num_channels or len(contract.std) != contract.num_channels:
        faults.append(f"mean and std must have {contract.num_channels} numbers, got {contract.mean}, {contract.std}")
    if min(contract.std) <= 0:
        faults.append(f"std must be positive, got {contract.std}")
    if contract.temperature <= 0:
        faults.append(f"temperature must be positive, got {contract.temperature}")
    if not 0 <= contract.unsure_below <= 1:
        faults.append(f"unsure_below must be from 0 to 1, got {contract.unsure_below}")
    if min(contract.crop_margins.values(), default=0) <= -1:
        faults.append(f"crop_margins must be above -1, got {contract.crop_margins}")
    return faults + _find_calibration_faults(contract) + _find_preparation_faults(contract)


def _find_calibration_faults(contract: Contract) -> list[str]:
    faults = []
    if contract.temperature > 0:
        try:
            calibrator_from_contract(contract.temperature, contract.calibrator, num_classes=len(contract.expressions))
        except ModelFileError as error:
            faults.append(str(error))
    try:
        sets_from_contract(contract.conformal)
    except ModelFileError as error:
        faults.append(str(error))
    return faults


def _find_preparation_faults(contract: Contract) -> list[str]:
    """Run the steps on a blank crop: they must know their operations and end in the input's shape."""
    expected = contract.input_size_hw if contract.colour == "grey" else (*contract.input_size_hw, 3)
    refused = find_export_faults(contract.preparation)
    if refused:
        return [f"preparation: {'; '.join(refused)}"]
    try:
        prepared = prepare_face(np.zeros((64, 64, 3), dtype=np.uint8), contract.preparation)
    except (MienError, ValueError, TypeError) as error:
        return [f"preparation: {error}"]
    if prepared.shape != expected:
        return [f"preparation must end in shape {expected}, got {prepared.shape}"]
    return []
