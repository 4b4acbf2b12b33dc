"""Sealed records: what came out when a test split was opened, kept so that it can be recomputed and not quietly edited.

`mien.evaluation.protocol` writes them; tables, cards and the command line read them.
"""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mien.errors import DataError, ProtocolError
from mien.evaluation.alignment import align_predictions
from mien.evaluation.conformal import measure_sets
from mien.metrics.bootstrap import NUM_DRAWS
from mien.metrics.figures import Figures, compute_figures
from mien.metrics.intervals import mcnemar_of_counts, mcnemar_test
from mien.metrics.predictions import JUDGED_PROTOCOLS, Predictions
from mien.recognition.conformal import ConformalSets

FORMAT = "mien record 2"
OLD_FORMAT = "mien record 1"
"""Records sealed before there were bootstrap intervals, Cohen's kappa and others; what they hold is still checked."""
SAME_FACTS: tuple[str, ...] = (
    "model",
    "data_set",
    "split",
    "weights_fingerprint",
    "recipe_fingerprint",
    "data_fingerprint",
    "seed",
    "versions",
    "views",
    "protocol",
    "splits_seen",
    "is_leaky",
    "is_float32",
)
"""What a record repeats of its predictions."""
LATER_FACTS: tuple[str, ...] = ("average", "forerunners")
"""What it repeats, too, unless it is in `OLD_FORMAT`."""

REQUIRED: tuple[str, ...] = (
    "format",
    "number",
    "created",
    *SAME_FACTS,
    "recipe",
    "shipped_name",
    "num_parameters",
    "openings_before",
    "openings_before_under_name",
    "figures",
    "choice",
    "mcnemar",
    "predictions_file",
    "predictions_sha256",
)
_RECORD_NAME = re.compile(r"\d{4,}-.+\.json")
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Record:
    """What came out when a test split was opened.

    Args:
        file: Where the record stands.
        content: Everything the seal covers, in plain types.
    """

    file: Path
    content: dict[str, Any]

    @property
    def number(self) -> int:
        """Number of the record among those of its data set, from 1."""
        return int(self.content["number"])

    @property
    def model(self) -> str:
        """Name of the model."""
        return str(self.content["model"])

    @property
    def data_set(self) -> str:
        """Name of the data set."""
        return str(self.content["data_set"])

    @property
    def protocol(self) -> str:
        """``official``, ``clean`` or ``own``."""
        return str(self.content["protocol"])

    @property
    def shipped_name(self) -> str | None:
        """Name under which the model ships, or None."""
        name = self.content["shipped_name"]
        return None if name is None else str(name)

    @property
    def is_old(self) -> bool:
        """Whether it was sealed in `OLD_FORMAT`."""
        return bool(self.content["format"] == OLD_FORMAT)

    @property
    def average(self) -> str:
        """What of the views was averaged: ``logits``, as in all records in `OLD_FORMAT`, or ``probabilities``."""
        return str(self.content.get("average", "logits"))

    @property
    def calibrator(self) -> str:
        """Name of the calibrator of its probabilities; older records had the temperature or nothing."""
        known = "none" if self.content.get("temperature") is None else "temperature"
        return str(self.content.get("calibrator") or known)

    @property
    def is_cross_dataset(self) -> bool:
        """Whether the model was trained on another data set, and classes without counterpart are left out."""
        return "cross_dataset" in self.content

    @property
    def predictions_file(self) -> Path:
        """The saved predictions, beside the record."""
        return self.file.parent / str(self.content["predictions_file"])

    @cached_property
    def figures(self) -> Figures:
        """The figures on the test split."""
        return Figures.from_dict(self.content["figures"])


def canonical_json(content: Mapping[str, Any]) -> str:
    """Return the one JSON text of a content: keys sorted, no spaces, no NaN.

    Args:
        content: Plain types.

    Raises:
        ProtocolError: If something in it is not of a type JSON knows.

    Example:
        >>> canonical_json({"b": [1, 2.5], "a": None})
        '{"a":null,"b":[1,2.5]}'
    """
    try:
        return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ProtocolError(f"a record holds only what JSON knows, and no NaN: {error}") from error


def seal_of(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 over the canonical JSON of a record's content, 64 hexadecimal digits.

    Args:
        content: The content without its seal.

    Raises:
        ProtocolError: If something in it is not of a type JSON knows.

    Example:
        >>> seal_of({"accuracy": 0.5})[:8]
        '167e0e85'
    """
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def sealed_text(content: Mapping[str, Any]) -> str:
    """Return the text of a record file: the content and its seal as JSON that people can read.

    Args:
        content: The content without its seal.

    Raises:
        ProtocolError: If something in it is not of a type JSON knows.
    """
    canonical_json(content)
    # Keys become texts and tuples become lists before sealing, as they will be when the file is read.
    plain = _as_json(content)
    return json.dumps({**plain, "seal": seal_of(plain)}, indent=2) + "\n"


def read_record(file: Path) -> Record:
    """Return a record whose seal holds.

    Args:
        file: The record's JSON file.

    Raises:
        ProtocolError: If the file is missing, no record, or was altered; the line names it.
    """
    if not file.is_file():
        raise ProtocolError(f"{file}: no such record")
    content = _parsed(file)
    seal = content.pop("seal", None)
    if seal is None or content.get("format") not in (FORMAT, OLD_FORMAT):
        raise ProtocolError(f"{file}: not a record of mien (expected the format {FORMAT!r} and a seal)")
    if seal != seal_of(content):
        raise ProtocolError(f"{file}: altered since it was sealed; restore it from the history")
    record = Record(file, content)
    _check_holds_all(record)
    return record


def list_records(results_folder: Path, *, data_set: str | None = None) -> list[Record]:
    """Return the records under a results folder, by data set, protocol and number; an absent folder has none.

    Args:
        results_folder: The folder that holds ``<protocol>/<data set>/NNNN-<model>.json``.
        data_set: Only the records of this data set.

    Raises:
        ProtocolError: If one of them was altered; none is left out silently.
    """
    files = [
        file for protocol in JUDGED_PROTOCOLS for file in results_folder.glob(f"{protocol}/{data_set or '*'}/*.json")
    ]
    records = [read_record(file) for file in sorted(files) if _RECORD_NAME.fullmatch(file.name)]
    return sorted(records, key=lambda record: (record.data_set, record.protocol, record.number, record.model))


def recompute(record: Record, *, reference: Predictions | None = None) -> Figures:
    """Return a record's figures computed anew from the predictions beside it, after making sure that they agree.

    Figures that a record in `OLD_FORMAT` does not hold come back all the same.

    Args:
        record: The record.
        reference: The predictions of the model it was compared with; then the comparison is computed anew as well.

    Raises:
        ProtocolError: If the predictions are missing, are not those of the record, or give another figure.
        DataError: If the predictions file is damaged.
    """
    predictions = judged_predictions(record)
    figures = compute_figures(predictions, kind="judgement", num_draws=NUM_DRAWS)
    facts = {name: getattr(predictions, name) for name in (*SAME_FACTS, *(() if record.is_old else LATER_FACTS))}
    recorded, computed = record.content["figures"], figures.to_dict()
    if record.is_old:
        computed = _only_recorded(computed, recorded)
    _check_same(record, "figures", recorded=recorded, computed=computed)
    for name, value in facts.items():
        _check_same(record, name, recorded=record.content[name], computed=_as_json(value))
    if record.content["mcnemar"] is not None:
        _check_comparison(record, predictions, reference)
    for recorded in record.content.get("sets") or []:
        sets = ConformalSets(recorded["method"], recorded["asked"], recorded["quantile"])
        _check_same(record, "sets", recorded=recorded, computed=measure_sets(sets, predictions).to_dict())
    return figures


def judged_predictions(record: Record) -> Predictions:
    """Return the predictions that a record was made from.

    Args:
        record: The record.

    Raises:
        ProtocolError: If they are missing, or are not the file that was judged.
        DataError: If the file is damaged.
    """
    if not record.predictions_file.is_file():
        raise ProtocolError(f"{record.file}: its predictions {record.predictions_file.name} are missing")
    predictions = Predictions.load(record.predictions_file)
    if record.content["predictions_sha256"] != sha256_of(record.predictions_file):
        raise ProtocolError(f"{record.file}: {record.predictions_file.name} is not the file that was judged")
    return predictions


def compare_with(predictions: Predictions, reference: Predictions) -> dict[str, Any]:
    """Return McNemar's test of a model against a reference on the same rows, in plain types.

    Args:
        predictions: What the model answered.
        reference: What the reference answered on the same rows, in any order.

    Raises:
        ProtocolError: If the two do not hold the same rows, labels and classes.
    """
    aligned = align_predictions(reference, predictions)
    result = mcnemar_test(predictions.is_right, aligned.is_right)
    return {
        "reference": reference.model,
        "reference_weights_fingerprint": reference.weights_fingerprint,
        "reference_views": list(reference.views),
        **asdict(result),
    }


def sha256_of(file: Path) -> str:
    """Return the SHA-256 of a file's bytes, 64 hexadecimal digits.

    Args:
        file: An existing file.
    """
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _parsed(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(
            file.read_text(encoding="utf-8"), object_pairs_hook=_without_twins, parse_constant=_refuse_constant
        )
    except (OSError, ValueError, RecursionError) as error:
        raise ProtocolError(f"{file}: not a record of mien ({error})") from error
    if not isinstance(content, dict):
        raise ProtocolError(f"{file}: not a record of mien (expected one JSON object)")
    return content


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that stands twice: a reader would see the first, the seal only the last."""
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a key stands twice")
    return content


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _check_holds_all(record: Record) -> None:
    required = REQUIRED if record.is_old else (*REQUIRED, *LATER_FACTS)
    missing = [name for name in required if name not in record.content]
    if missing:
        raise ProtocolError(f"{record.file}: not a record of mien ({missing[0]!r} is missing)")
    try:
        figures = record.figures
    except DataError as error:
        raise ProtocolError(f"{record.file}: {error}") from error
    if figures.data_set != record.data_set or figures.model != record.model:
        raise ProtocolError(f"{record.file}: its figures are of another model or data set")


def _check_comparison(record: Record, predictions: Predictions, reference: Predictions | None) -> None:
    recorded = record.content["mcnemar"]
    counts = mcnemar_of_counts(int(recorded["only_first_right"]), int(recorded["only_second_right"]))
    _check_same(record, "mcnemar", recorded=recorded, computed={**recorded, **asdict(counts)})
    if reference is not None:
        _check_same(record, "mcnemar", recorded=recorded, computed=compare_with(predictions, reference))


def _only_recorded(computed: Any, recorded: Any) -> Any:
    """Return computed figures without those that an old record does not hold."""
    if isinstance(computed, dict) and isinstance(recorded, dict):
        return {key: _only_recorded(value, recorded[key]) for key, value in computed.items() if key in recorded}
    if isinstance(computed, list) and isinstance(recorded, list) and len(computed) == len(recorded):
        return [_only_recorded(one, other) for one, other in zip(computed, recorded, strict=True)]
    return computed


def _check_same(record: Record, name: str, *, recorded: Any, computed: Any) -> None:
    """Refuse two values that differ, naming the innermost place; numbers may differ by rounding."""
    if isinstance(recorded, dict) and isinstance(computed, dict) and recorded.keys() == computed.keys():
        for key in recorded:
            _check_same(record, f"{name}.{key}", recorded=recorded[key], computed=computed[key])
    elif isinstance(recorded, list) and isinstance(computed, list) and len(recorded) == len(computed):
        for index, (one, other) in enumerate(zip(recorded, computed, strict=True)):
            _check_same(record, f"{name}[{index}]", recorded=one, computed=other)
    elif isinstance(recorded, float) and isinstance(computed, float):
        if not math.isclose(recorded, computed, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE):
            raise ProtocolError(_disagreement(record, name, recorded, computed))
    elif recorded != computed:
        raise ProtocolError(_disagreement(record, name, recorded, computed))


def _disagreement(record: Record, name: str, recorded: Any, computed: Any) -> str:
    return f"{record.file}: {name} is {recorded!r} in the record and {computed!r} from its predictions"


def _as_json(value: Any) -> Any:
    return json.loads(json.dumps(value))
