"""Weights into a file, and from one into a network: whole, without the head, or summed over the colours."""

import json
import pickle
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from mien.errors import WeightsError
from mien.models.classifier import Classifier
from mien.models.matching import match_names
from mien.writing import write_atomically

_HEAD = "classifier."
_MOST_NAMED = 3


@dataclass(frozen=True)
class LoadedWeights:
    """What was done to get weights into a network.

    Args:
        source: File, or what else they came from.
        num_tensors: Tensors that were loaded.
        left_out: Tensors of the head that were not: they answer for another number of classes.
        adapted: Tensors whose input channels were summed or spread, from colour to grey or back.
        fresh: Tensors of the network's head that stay as they were: the weights have a head of another form, or none.
        not_taken: Tensors of the weights that the network has no place for: another head, or statistics of batch norm.
    """

    source: str
    num_tensors: int
    left_out: tuple[str, ...] = ()
    adapted: tuple[str, ...] = ()
    fresh: tuple[str, ...] = ()
    not_taken: tuple[str, ...] = ()

    def __str__(self) -> str:
        words = [f"{self.source}: {self.num_tensors} tensors loaded"]
        if self.adapted:
            words.append(f"{', '.join(self.adapted)} adapted to other input channels")
        if self.left_out:
            words.append(f"the head left out, which is for another number of classes ({', '.join(self.left_out)})")
        if self.fresh:
            words.append(f"the head of another form begins afresh ({_name_some(self.fresh, ', ')})")
        if self.not_taken:
            words.append(f"{len(self.not_taken)} tensors not taken ({_name_some(self.not_taken, ', ')})")
        return "; ".join(words)


def write_weights(file: Path, state: Mapping[str, Tensor], *, facts: Mapping[str, str]) -> Path:
    """Write weights as safetensors, whole or not at all; equal weights and facts give equal bytes.

    Args:
        file: File to write.
        state: State of a network, or of an estimator as tensors.
        facts: Kept in the file's metadata.

    Returns:
        The file written.

    Raises:
        MienError: If the place cannot be written.
    """
    plain = {name: value.detach().cpu().contiguous() for name, value in state.items()}
    return write_atomically(file, _order_metadata(save(plain, dict(facts))))


def _order_metadata(file: bytes) -> bytes:
    """Return the same file with its metadata in order, which safetensors shuffles."""
    size = int.from_bytes(file[:8], "little")
    header = json.loads(file[8 : 8 + size])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + file[8 + size :]


def read_weights(file: Path) -> dict[str, Tensor]:
    """Return the tensors of a file by name; nothing in it is run.

    Args:
        file: A safetensors file, or one of torch's with the weights alone or under ``state_dict``.

    Raises:
        WeightsError: If it is missing, damaged or holds no weights.
    """
    if not file.is_file():
        raise WeightsError(f"{file} does not exist; expected weights in a safetensors file or one of torch's")
    with naming_a_bad_file(file):
        if file.suffix == ".safetensors":
            return load_file(file)
        weights = torch.load(file, map_location="cpu", weights_only=True)
    weights = weights.get("state_dict", weights) if isinstance(weights, dict) else weights
    if not isinstance(weights, dict) or not all(isinstance(value, Tensor) for value in weights.values()):
        raise WeightsError(f"{file}: not weights (no tensors by name in it)")
    return weights


@contextmanager
def naming_a_bad_file(file: Path) -> Iterator[None]:
    """Turn what reading weights raises into one line that names their file.

    Args:
        file: The file that is read within.

    Raises:
        WeightsError: If the file cannot be read as weights, or they do not fit.
    """
    try:
        yield
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, OSError) as fault:
        reason = (str(fault) or type(fault).__name__).splitlines()[0]
        raise WeightsError(f"{file}: not whole, or no weights of this network ({reason}); fetch it anew") from fault


def load_weights(
    network: Classifier, weights: Path | Mapping[str, Tensor], *, is_exact: bool = False, source: str = "weights"
) -> LoadedWeights:
    """Load weights into a network and return what had to be done for it; the network is changed only if they fit.

    A head for another number of classes is left out: the network keeps its own. A first convolution for colour is
    summed over the colours for a grey network; one for grey is spread evenly over three colours, so that a grey
    picture given as colour is answered as before. Weights with another head, or without one of one's choice, give what
    comes before it; those with batch norm give group norm scale and shift.

    Args:
        network: The network.
        weights: File as `read_weights` takes it, or a state.
        is_exact: Whether nothing may be left out or adapted.
        source: What messages call a state.

    Raises:
        WeightsError: If the file cannot be read, or the weights do not fit; the first three mismatches are named.
    """
    if isinstance(weights, Path):
        source, weights = str(weights), read_weights(weights)
    wanted = network.state_dict()
    fitted, fresh = (dict(weights), ()) if is_exact else match_names(network, weights)
    taken = {id(tensor) for tensor in fitted.values()}
    not_taken = tuple(name for name, tensor in weights.items() if id(tensor) not in taken)
    left_out: list[str] = []
    adapted: list[str] = []
    if not is_exact:
        left_out = _names_of_another_head(fitted, wanted)
        for name in left_out:
            fitted[name] = wanted[name]
        adapted = [name for name in wanted if name in fitted and _differs_in_colour(fitted[name], wanted[name])]
        for name in adapted:
            fitted[name] = _to_channels(fitted[name], wanted[name].shape[1])
    mismatches = list(_find_mismatches(fitted, wanted))
    if mismatches:
        raise WeightsError(f"{source}: does not fit the network: {_name_some(mismatches, '; ')}")
    network.load_state_dict(fitted)
    num_tensors = len(fitted) - len(left_out) - len(fresh)
    return LoadedWeights(source, num_tensors, tuple(left_out), tuple(adapted), fresh, not_taken)


def _name_some(phrases: Sequence[str], separator: str) -> str:
    """Return the first three of some phrases, and how many more there are."""
    more = len(phrases) - _MOST_NAMED
    return separator.join([*phrases[:_MOST_NAMED], *([f"and {more} more"] if more > 0 else [])])


def _names_of_another_head(given: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> list[str]:
    """Return the names of the head's tensors if they differ in nothing but the number of classes."""
    names = [name for name in wanted if name.startswith(_HEAD)]
    if any(name not in given or given[name].shape[1:] != wanted[name].shape[1:] for name in names):
        return []
    return names if any(given[name].shape != wanted[name].shape for name in names) else []


def _differs_in_colour(given: Tensor, wanted: Tensor) -> bool:
    if given.ndim != 4 or given.ndim != wanted.ndim:
        return False
    pair = (given.shape[1], wanted.shape[1])
    return pair in ((3, 1), (1, 3)) and given.shape[0] == wanted.shape[0] and given.shape[2:] == wanted.shape[2:]


def _to_channels(weight: Tensor, channels: int) -> Tensor:
    if channels == 1:
        return weight.sum(dim=1, keepdim=True)
    return torch.cat([weight / channels] * channels, dim=1)


def _find_mismatches(given: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> Iterator[str]:
    for name, tensor in wanted.items():
        if name not in given:
            yield f"{name} is missing"
        elif given[name].shape != tensor.shape:
            yield f"{name} is {_shape(given[name])}, expected {_shape(tensor)}"
    for name in given:
        if name not in wanted:
            yield f"{name} is unknown"


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a single number"
