"""``Predictions``: what one model answered on one split; every figure is computed from one, so it can be recomputed."""

import io
import json
import math
import zipfile
import zlib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.data.audit.copies import PROTOCOLS
from mien.data.face_set import SPLITS
from mien.errors import DataError
from mien.writing import write_atomically

FORMAT = "mien predictions 1"
TRAINED_ON = "trained on"
"""How a split was seen whose labels the weights were fitted to; a longer text may say by whom."""
CHOSEN_ON = "chosen on"
"""How a split was seen by whose figures an epoch, a recipe or a temperature was chosen."""
UNKNOWN = "unknown"
"""What stands for the data set of weights of which nobody knows what they were trained on."""
JUDGED_PROTOCOLS: tuple[str, ...] = (*PROTOCOLS, "own")
"""Protocols that figures are told under; ``own`` is that of splits cut by hand."""
_ARRAYS = ("probabilities", "labels", "row_ids", "has_copy_in_training")
_TEXTS = ("model", "weights_fingerprint", "recipe_fingerprint", "data_set", "data_fingerprint")
_SUM_TOLERANCE = 1e-4
_FLAGS = {"is_leaky": bool, "is_float32": bool, "is_selection": bool, "seed": int}
_DAMAGES = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    EOFError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True, eq=False)
class Predictions:
    """What one model answered on the rows of one split.

    Args:
        probabilities: Shape ``(N, C)``, float32, values in 0 to 1, rows that sum to 1.
        labels: True classes, index into `expressions`, shape ``(N,)``, int64.
        row_ids: Stable unique id of each row, shape ``(N,)``, str.
        expressions: The ``C`` class names in label order.
        model: Name of the model, or of the run that made it.
        weights_fingerprint: SHA-256 of the weights that answered.
        recipe_fingerprint: SHA-256 of the resolved recipe.
        data_set: Name of the data set.
        data_fingerprint: SHA-256 of the faces, labels and splits.
        split: ``training``, ``validation`` or ``test``.
        views: Test-time views whose answers were averaged, such as ``("plain", "flip")``.
        has_copy_in_training: Whether a row's picture also stands in the training split, shape ``(N,)``, bool.
        splits_seen: What the model has seen of the data set, inherited included: split name to how, such as
            ``{"training": "trained on", "validation": "chosen on"}``.
        is_leaky: Whether copies across splits beyond the published ones were allowed.
        is_float32: Whether the network computed in float32; figures of a record must.
        seed: Seed of the run.
        versions: Package names to the versions that computed.
        protocol: ``official`` (published splits as they are), ``clean`` (without training rows that have a copy
            in another split), or ``own`` (splits that were cut by hand).
        is_selection: Whether these are only some rows of the split.
        average: What of the views was averaged, ``logits`` or ``probabilities``.
        forerunners: What the model began with and learned from, as `mien.training.forerunners` lists it.

    Raises:
        DataError: If shapes, types or ranges do not hold; the line says what was expected and what came.
    """

    probabilities: NDArray[np.float32]
    labels: NDArray[np.int64]
    row_ids: NDArray[np.str_]
    expressions: tuple[str, ...]
    model: str
    weights_fingerprint: str
    recipe_fingerprint: str
    data_set: str
    data_fingerprint: str
    split: str
    views: tuple[str, ...]
    has_copy_in_training: NDArray[np.bool_]
    splits_seen: dict[str, str]
    is_leaky: bool
    is_float32: bool
    seed: int
    versions: dict[str, str]
    protocol: str = "official"
    is_selection: bool = False
    average: str = "logits"
    forerunners: tuple[dict[str, Any], ...] = ()

    def __post_init__(self) -> None:
        self._check_texts()
        self._check_shapes()
        self._check_values()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The answered class of each row, the first of the most probable, shape ``(N,)``, int64."""
        result: NDArray[np.int64] = self.probabilities.argmax(axis=1).astype(np.int64)
        return result

    @property
    def is_right(self) -> NDArray[np.bool_]:
        """Whether each row was answered rightly, shape ``(N,)``, bool."""
        result: NDArray[np.bool_] = self.predicted == self.labels
        return result

    @property
    def unknown_sources(self) -> tuple[str, ...]:
        """Sources of its forerunners of which nobody knows what they were trained on."""
        return tuple(each["source"] for each in self.forerunners if each["data_set"] == UNKNOWN)

    def select(self, mask: NDArray[np.bool_]) -> "Predictions":
        """Return the predictions of the rows that a mask marks; unless it marks all, they are a selection.

        Args:
            mask: Shape ``(N,)``, bool.

        Raises:
            DataError: If the mask has another shape or type, or marks no row.
        """
        if mask.shape != self.labels.shape or mask.dtype != np.bool_:
            raise DataError(f"{self._title}: the mask is {mask.dtype} {mask.shape}; expected bool {self.labels.shape}")
        if not mask.any():
            raise DataError(f"{self._title}: the mask marks none of the {len(self)} rows")
        arrays = {name: getattr(self, name)[mask] for name in _ARRAYS}
        return replace(self, **arrays, is_selection=self.is_selection or not bool(mask.all()))

    def save(self, file: Path) -> Path:
        """Write everything as one compressed ``.npz`` file without pickles, whole or not at all.

        Args:
            file: File to write; one that stands there is replaced.

        Returns:
            The file written.

        Raises:
            MienError: If the place cannot be written.
        """
        facts = {each.name: getattr(self, each.name) for each in fields(self) if each.name not in _ARRAYS}
        if not self.forerunners:  # so that the file is one that earlier versions read
            del facts["forerunners"]
        text = json.dumps({"format": FORMAT, **facts}, sort_keys=True)
        buffer = io.BytesIO()
        np.savez_compressed(buffer, facts=np.array(text), **{name: getattr(self, name) for name in _ARRAYS})
        return write_atomically(file, buffer.getvalue())

    @classmethod
    def load(cls, file: Path) -> "Predictions":
        """Return the predictions that `save` wrote.

        Args:
            file: The ``.npz`` file.

        Raises:
            DataError: If the file is missing, damaged, or does not hold predictions; the line names it.
        """
        if not Path(file).is_file():
            raise DataError(f"{file}: no such file; expected predictions as `Predictions.save` writes them")
        try:
            arrays = _read_arrays(Path(file).read_bytes())
            facts = json.loads(str(arrays.pop("facts")))
            if facts.pop("format") != FORMAT:
                raise ValueError("another format")
            return cls(**arrays, **_with_tuples(facts))
        except DataError as error:
            raise DataError(f"{file}: {error}") from error
        except _DAMAGES as error:
            raise DataError(f"{file}: damaged, or not predictions ({FORMAT}); predict the split again") from error

    @property
    def _title(self) -> str:
        return f"predictions of {self.model!r} on {self.split} of {self.data_set}"

    def _check_texts(self) -> None:
        for name in _TEXTS:
            value = getattr(self, name)
            if not isinstance(value, str) or not value.strip():
                raise DataError(f"predictions: {name} is {value!r}; expected a text that is not empty")
        for name, kind in _FLAGS.items():
            if type(getattr(self, name)) is not kind:
                came = type(getattr(self, name))
                raise DataError(f"{self._title}: {name} is {came}; expected {kind}")
        for name in (self.split, *self.splits_seen):
            if name not in SPLITS:
                raise DataError(f"{self._title}: unknown split {name!r}; expected {', '.join(SPLITS)}")
        if self.protocol not in JUDGED_PROTOCOLS:
            raise DataError(
                f"{self._title}: unknown protocol {self.protocol!r}; expected {', '.join(JUDGED_PROTOCOLS)}"
            )
        if not self.views or len(set(self.expressions)) != len(self.expressions):
            raise DataError(
                f"{self._title}: views are {self.views}, classes {self.expressions}; "
                "expected at least one view, and no class twice"
            )

    def _check_shapes(self) -> None:
        num_rows = len(self.labels)
        if not num_rows:
            raise DataError(f"{self._title}: there are no rows; expected at least one")
        expected = {
            "probabilities": (np.dtype(np.float32), (num_rows, len(self.expressions))),
            "labels": (np.dtype(np.int64), (num_rows,)),
            "has_copy_in_training": (np.dtype(np.bool_), (num_rows,)),
            "row_ids": (self.row_ids.dtype, (num_rows,)),
        }
        for name, (dtype, shape) in expected.items():
            array = getattr(self, name)
            if array.dtype != dtype or array.shape != shape:
                raise DataError(f"{self._title}: {name} are {array.dtype} {array.shape}; expected {dtype} {shape}")
        if self.row_ids.dtype.kind != "U":
            raise DataError(f"{self._title}: row_ids are {self.row_ids.dtype}; expected str")

    def _check_values(self) -> None:
        num_classes = len(self.expressions)
        if self.labels.min() < 0 or self.labels.max() >= num_classes:
            came = f"{self.labels.min()}..{self.labels.max()}"
            raise DataError(f"{self._title}: labels lie in {came}; expected 0..{num_classes - 1}")
        num_ids = len(np.unique(self.row_ids))
        if num_ids != len(self):
            raise DataError(f"{self._title}: {num_ids} different row ids for {len(self)} rows; expected one each")
        if not np.isfinite(self.probabilities).all():
            row = int(np.flatnonzero(~np.isfinite(self.probabilities).all(axis=1))[0])
            raise DataError(f"{self._title}: row {row} has a probability that is not finite; expected 0 to 1")
        if self.probabilities.min() < 0 or self.probabilities.max() > 1 + _SUM_TOLERANCE:
            came = f"{self.probabilities.min():.6g} to {self.probabilities.max():.6g}"
            raise DataError(f"{self._title}: probabilities lie in {came}; expected 0 to 1")
        sums = self.probabilities.sum(axis=1, dtype=np.float64)
        worst = int(np.abs(sums - 1).argmax())
        if not math.isclose(sums[worst], 1, abs_tol=_SUM_TOLERANCE, rel_tol=0):
            raise DataError(
                f"{self._title}: row {worst} sums to {sums[worst]:.6f}; expected 1 within {_SUM_TOLERANCE}; "
                "compute the softmax in float32"
            )


def _read_arrays(data: bytes) -> dict[str, Any]:
    """Return the arrays of an ``.npz`` file whose check sums hold."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if archive.testzip() is not None:
            raise ValueError("a check sum does not hold")
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        return {name: archive[name] for name in ("facts", *_ARRAYS)}


def _with_tuples(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in facts.items()}
