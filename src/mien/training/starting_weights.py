"""What a run begins with where it does not begin from nothing: the weights of a run, a model file or a weights file.

With the weights comes what they have seen: a run inherits it, so that no later figure can be blind to it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from torch import Tensor

from mien.data import DATASETS
from mien.data.face_set import SPLITS
from mien.errors import WeightsError
from mien.metrics.predictions import TRAINED_ON
from mien.models import Classifier, load_weights
from mien.models.rebuilding import rebuild_network
from mien.models.weights import LoadedWeights, read_weights
from mien.recognition.model_file import load_model_file, shipped_models
from mien.training.run_folder import RunFolder

_HEAD = "classifier."


@dataclass(frozen=True)
class StartingWeights:
    """Weights to begin with, and where they come from.

    Args:
        source: Run folder, model file, shipped name or weights file.
        state: Tensors by name.
        expressions: Classes of the head, in label order; none where nobody knows.
        mean: Mean grey value that the network was trained with; None where nobody knows.
        std: Standard deviation of the same.
        data_set: Data set that the weights were trained on; empty where nobody knows.
        splits_seen: What they have seen of it.
        has_published_splits: Whether its splits were its own.
        weights_fingerprint: SHA-256 of the weights.
        is_rebuilt: Whether batch norms came back from a graph, without statistics of their own.
    """

    source: str
    state: Mapping[str, Tensor]
    expressions: tuple[str, ...] = ()
    mean: float | None = None
    std: float | None = None
    data_set: str = ""
    splits_seen: Mapping[str, str] | None = None
    has_published_splits: bool = True
    weights_fingerprint: str = ""
    is_rebuilt: bool = False

    @property
    def facts(self) -> dict[str, object]:
        """What a run folder keeps of them."""
        return {
            "source": self.source,
            "weights_fingerprint": self.weights_fingerprint,
            "data_set": self.data_set,
            "splits_seen": dict(self.splits_seen or {}),
        }


def read_starting_weights(source: str) -> StartingWeights:
    """Return the weights that a recipe names to begin with.

    Args:
        source: Run folder, name of a shipped model, model file (``.onnx``), or weights (``.safetensors``, ``.pt``).

    Raises:
        WeightsError: If there is no such thing, or its weights cannot be read.
        MienError: If it is damaged.
    """
    path = Path(source)
    if path.is_dir():
        return _of_run(RunFolder.open(path))
    if source in shipped_models() or path.suffix == ".onnx":
        return _of_model_file(source)
    if not path.exists():
        raise WeightsError(
            f"{source} does not exist; expected a run folder, a model file, a file of weights, or one of "
            f"{', '.join(shipped_models())}"
        )
    fingerprint = hashlib.sha256(path.read_bytes()).hexdigest()
    return StartingWeights(source, read_weights(path), weights_fingerprint=fingerprint)


def _of_run(run: RunFolder) -> StartingWeights:
    facts = run.facts
    return StartingWeights(
        source=str(run.folder),
        state=run.load_network().state_dict(),
        expressions=tuple(facts["expressions"]),
        mean=run.mean,
        std=run.std,
        data_set=facts["data_set"],
        splits_seen=facts["splits_seen"],
        has_published_splits=_has_published_splits(run.recipe.data.model_dump()),
        weights_fingerprint=run.weights_fingerprint(),
    )


def _of_model_file(source: str) -> StartingWeights:
    model_file = load_model_file(source if source in shipped_models() else Path(source))
    contract = model_file.contract
    data = contract.recipe.get("data")
    return StartingWeights(
        source=source,
        state=rebuild_network(model_file).state_dict(),
        expressions=contract.expressions,
        mean=contract.mean[0],
        std=contract.std[0],
        data_set=_name_of_set(data) if isinstance(data, Mapping) else "",
        splits_seen=contract.splits_seen,
        has_published_splits=isinstance(data, Mapping) and _has_published_splits(data),
        weights_fingerprint=contract.weights_fingerprint,
        is_rebuilt=True,
    )


def _name_of_set(data: Mapping[str, Any]) -> str:
    """Return what a recipe's data set is called; sets of one's own go by a name of their own, or their folder's."""
    dataset, path = str(data.get("dataset", "")), Path(str(data.get("path", "")))
    if dataset not in ("class_folders", "manifest"):
        return dataset
    own_name = (data.get("options") or {}).get("name")
    return str(own_name or (path.resolve().name if dataset == "class_folders" else path.stem))


def _has_published_splits(data: Mapping[str, Any]) -> bool:
    """Return whether a recipe's data were neither cut anew nor dealt into folds."""
    return data.get("split") is None and data.get("fold") is None


def begin_with(
    network: Classifier, weights: StartingWeights, *, expressions: Sequence[str], has_new_head: bool = False
) -> LoadedWeights:
    """Load the weights into a network; of the head what answers for a class of the same name, whatever its place.

    Args:
        network: The network.
        weights: What it is to begin with.
        expressions: The network's classes, in label order.
        has_new_head: Whether the head stays as it is, fresh.

    Raises:
        WeightsError: If they do not fit the network.
    """
    wanted = network.state_dict()
    state = dict(weights.state)
    same = [
        (old, new) for new, name in enumerate(expressions) for old, has in enumerate(weights.expressions) if has == name
    ]
    for name in (name for name in wanted if name.startswith(_HEAD)):
        is_known = bool(weights.expressions) and name in state and state[name].shape[1:] == wanted[name].shape[1:]
        if has_new_head or (is_known and not same):
            state[name] = wanted[name]
        elif is_known:
            rows = wanted[name].clone()
            for old, new in same:
                rows[new] = state[name][old]
            state[name] = rows
    return load_weights(network, state, source=weights.source)


class Forerunner(Protocol):
    """What has seen data before a run begins, as its starting weights or its teachers have; see `StartingWeights`."""

    @property
    def source(self) -> str:
        """What it is called."""

    @property
    def data_set(self) -> str:
        """Data set that it was trained on; empty where nobody knows."""

    @property
    def splits_seen(self) -> Mapping[str, str] | None:
        """What it has seen of it."""

    @property
    def has_published_splits(self) -> bool:
        """Whether its splits were its own."""


def inherit_splits_seen(
    own: Mapping[str, str],
    before: Forerunner,
    *,
    data_set: str,
    has_published_splits: bool,
    is_same_data: bool = False,
) -> dict[str, str]:
    """Return what a run has seen of its data set's splits, with what its starting weights or a teacher had seen before.

    Data sets that hold each other's pictures count as one. Unless both were split as published, and alike, any split of
    the one may hold what the other trained on.

    Args:
        own: What the run sees itself.
        before: What it began with, or learns from.
        data_set: The run's data set.
        has_published_splits: Whether the run's splits are the data set's own.
        is_same_data: Whether both had the same rows in the same splits, whoever cut them.
    """
    if not has_same_pictures(before.data_set, data_set):
        return dict(own)
    inherited = {split: f"{how} by {before.source}" for split, how in (before.splits_seen or {}).items()}
    are_published = has_published_splits and before.has_published_splits
    has_same_splits = _find_family(before.data_set).splits == _find_family(data_set).splits
    if not (is_same_data or (are_published and has_same_splits)):
        inherited = dict.fromkeys(SPLITS, f"may have been {TRAINED_ON} by {before.source}")
    return {
        split: "; ".join(seen[split] for seen in (own, inherited) if split in seen)
        for split in SPLITS
        if split in {**own, **inherited}
    }


def has_same_pictures(data_set: str, other: str) -> bool:
    """Return whether two data sets, by name, hold each other's pictures; sets added for training do not count."""
    return _find_family(data_set).pictures == _find_family(other).pictures


class _Family(NamedTuple):
    """Whose pictures and splits a data set has."""

    pictures: str
    splits: str


def _find_family(data_set: str) -> _Family:
    """Return the family of a data set by its name, behind which classes kept and sets added may stand."""
    data_set = data_set.partition("+")[0]
    name = next((each for each in DATASETS.names() if data_set == each or data_set.startswith(f"{each}-")), data_set)
    if name not in DATASETS:
        return _Family(name, name)
    card = DATASETS.get(name).card
    return _Family(card.pictures_of or name, card.pictures_of if card.shares_splits else name)
