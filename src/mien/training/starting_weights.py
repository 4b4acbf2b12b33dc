"""What a run begins with where it does not begin from nothing: the weights of a run, a model file or a weights file.

With the weights comes what they have seen: a run inherits it, so that no later figure can be blind to it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from mien.errors import WeightsError
from mien.metrics.predictions import UNKNOWN
from mien.models import Classifier, load_weights
from mien.models.rebuilding import rebuild_network
from mien.models.weights import LoadedWeights, read_weights
from mien.recognition.model_file import Contract, load_model_file, shipped_models
from mien.training.forerunners import Forerunner, hand_on
from mien.training.run_folder import RunFolder

LEVELS = (0.0, 255.0)
"""Lowest and highest value of faces of uint8."""

_HEAD = "classifier."
_APART = 0.25


@dataclass(frozen=True)
class StartingWeights:
    """Weights to begin with, and where they come from.

    Args:
        state: Tensors by name.
        forerunners: What is inherited with them; the first is they themselves.
        expressions: Classes of the head, in label order; none where nobody knows.
        mean: Mean value that the network was trained with; None where nobody knows.
        std: Standard deviation of the same.
        value_range: Lowest and highest value of the faces that it was trained on; None where nobody knows.
        is_rebuilt: Whether batch norms came back from a graph, without statistics of their own.
    """

    state: Mapping[str, Tensor]
    forerunners: tuple[Forerunner, ...]
    expressions: tuple[str, ...] = ()
    mean: float | None = None
    std: float | None = None
    value_range: tuple[float, float] | None = None
    is_rebuilt: bool = False

    @property
    def source(self) -> str:
        """Run folder, model file, shipped name or weights file."""
        return self.forerunners[0].source

    @property
    def weights_fingerprint(self) -> str:
        """SHA-256 of the weights."""
        return self.forerunners[0].weights_fingerprint

    @property
    def facts(self) -> dict[str, object]:
        """What a run folder keeps of them."""
        itself = self.forerunners[0]
        return {
            "source": itself.source,
            "weights_fingerprint": itself.weights_fingerprint,
            "data_set": itself.data_set,
            "splits_seen": dict(itself.splits_seen),
        }

    def has_scale_of(self, value_range: Sequence[float]) -> bool:
        """Return whether they know faces of such a scale, so that their mean and deviation hold for them.

        Args:
            value_range: Lowest and highest value of the faces. The ends of two ranges on one scale lie apart by at most
                a quarter of the wider.
        """
        if self.value_range is None:
            return False
        (low, high), (other_low, other_high) = self.value_range, value_range
        return max(abs(low - other_low), abs(high - other_high)) <= _APART * max(high - low, other_high - other_low)


def read_starting_weights(source: str) -> StartingWeights:
    """Return the weights that a recipe names to begin with.

    Args:
        source: Run folder, name of a shipped model, model file (``.onnx``), or weights (``.safetensors``, ``.pt``).
            Weights inside of a run folder are that run's; of others nobody knows what they have seen.

    Raises:
        WeightsError: If there is no such thing, or its weights cannot be read.
        MienError: If it is damaged.
    """
    path = Path(source)
    if path.is_dir():
        run = RunFolder.open(path)
        return _of_run(run, run.load_network().state_dict(), source=str(path), fingerprint=run.weights_fingerprint())
    if source in shipped_models() or path.suffix == ".onnx":
        return _of_model_file(source)
    if not path.exists():
        raise WeightsError(
            f"{source} does not exist; expected a run folder, a model file, a file of weights, or one of "
            f"{', '.join(shipped_models())}"
        )
    state, fingerprint = read_weights(path), hashlib.sha256(path.read_bytes()).hexdigest()
    run_around = RunFolder.find(path)
    if run_around is not None:
        return _of_run(run_around, state, source=source, fingerprint=fingerprint)
    return StartingWeights(state, hand_on(Forerunner(source, weights_fingerprint=fingerprint)))


def _of_run(run: RunFolder, state: Mapping[str, Tensor], *, source: str, fingerprint: str) -> StartingWeights:
    facts = run.facts
    itself = Forerunner(
        source=source,
        data_set=facts["data_set"],
        splits_seen=facts["splits_seen"],
        has_published_splits=_has_published_splits(run.recipe.data.model_dump()),
        data_fingerprint=facts["data_fingerprint"],
        weights_fingerprint=fingerprint,
        is_leaky=facts.get("is_leaky", False),
    )
    low, high = facts.get("value_range", LEVELS)
    return StartingWeights(
        state,
        hand_on(itself, run.forerunners),
        expressions=tuple(facts["expressions"]),
        mean=run.mean,
        std=run.std,
        value_range=(low, high),
    )


def list_forerunners(contract: Contract, *, source: str) -> tuple[Forerunner, ...]:
    """Return what whoever begins with a model file, or judges it, must know of: the model itself and its forerunners.

    Args:
        contract: The file's contract.
        source: What to call the model.
    """
    data = contract.recipe.get("data")
    itself = Forerunner(
        source=source,
        data_set=_name_of_data(data) if isinstance(data, Mapping) else UNKNOWN,
        splits_seen=contract.splits_seen,
        has_published_splits=isinstance(data, Mapping) and _has_published_splits(data),
        data_fingerprint=contract.data_fingerprint,
        weights_fingerprint=contract.weights_fingerprint,
        is_leaky=is_leaky_contract(contract),
    )
    return hand_on(itself, contract.forerunners)


def _of_model_file(source: str) -> StartingWeights:
    model_file = load_model_file(source if source in shipped_models() else Path(source))
    contract = model_file.contract
    return StartingWeights(
        rebuild_network(model_file).state_dict(),
        list_forerunners(contract, source=source),
        expressions=contract.expressions,
        mean=contract.mean[0],
        std=contract.std[0],
        value_range=LEVELS if contract.input_dtype == "uint8" else None,
        is_rebuilt=True,
    )


def is_leaky_contract(contract: Contract) -> bool:
    """Return whether the figures of a model file say "leaky".

    Args:
        contract: Its contract.
    """
    return any(isinstance(each, Mapping) and bool(each.get("is_leaky")) for each in contract.scores.values())


def _name_of_data(data: Mapping[str, Any]) -> str:
    """Return what a recipe's data set is called, with the sets added to it."""
    return "+".join(_name_of_set(each) for each in (data, *(data.get("auxiliary") or ())))


def _name_of_set(data: Mapping[str, Any]) -> str:
    """Return what a data set is called; sets of one's own go by a name of their own, or their folder's."""
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
