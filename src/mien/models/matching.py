"""Weights under the names of a network with another head or another norm; `load_weights` calls it."""

from collections.abc import Mapping
from copy import deepcopy

from torch import Tensor

from mien.models.classifier import Classifier
from mien.models.headed import HeadedClassifier

_BODY, _LAST = "body.", "classifier."
_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


def match_names(network: Classifier, given: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Return weights under a network's names, and the names of a head that stays fresh, with the network's own tensors.

    A network with a head of one's choice takes the weights of the same network without one up to the last map, and the
    other way round; of a head of another form nothing is taken. Group norm takes the scale and shift of batch norm,
    whose statistics are left out. What does not fit for another reason stays as it is.

    Args:
        network: The network.
        given: Tensors by name.
    """
    wanted = network.state_dict()
    was_headed, is_headed = any(name.startswith(_BODY) for name in given), isinstance(network, HeadedClassifier)
    state = dict(given)
    if is_headed and not was_headed:
        state = {_BODY + name: tensor for name, tensor in given.items()}
    elif was_headed and not is_headed:
        state = {name.removeprefix(_BODY): tensor for name, tensor in given.items() if name.startswith(_BODY)}
    state = _without_statistics(state, wanted)
    if not was_headed and not is_headed:
        return state, ()
    old_head, head = _find_heads(network, state)
    if _is_same_head({name: state[name] for name in old_head}, {name: wanted[name] for name in head}):
        return state, ()
    body = {name: tensor for name, tensor in state.items() if name not in old_head}
    return body | {name: wanted[name] for name in head}, tuple(head)


def _without_statistics(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return weights with what batch norms give the group norms that stand in their places."""
    kept = dict(state)
    for norm in (name.removesuffix(".running_mean") for name in state if name.endswith(".running_mean")):
        if f"{norm}.running_mean" in wanted:
            continue
        for part in _STATISTICS:
            kept.pop(f"{norm}.{part}", None)
        for part in (
            "weight",
            "bias",
        ):  # before an activation, as timm has it inside of batch norm, stands the 0th of two
            if f"{norm}.{part}" not in wanted and f"{norm}.0.{part}" in wanted and f"{norm}.{part}" in kept:
                kept[f"{norm}.0.{part}"] = kept.pop(f"{norm}.{part}")
    return kept


def _find_heads(network: Classifier, state: Mapping[str, Tensor]) -> tuple[list[str], list[str]]:
    """Return the names of what comes after the last map, in weights and in the network."""
    wanted = list(network.state_dict())
    if not isinstance(network, HeadedClassifier):
        headed = HeadedClassifier(deepcopy(network), size_hw=(network.smallest_side, network.smallest_side))
        return [], [name for name in wanted if name in headed.names_cut]
    cut = {_BODY + name for name in network.names_cut}
    old_head = [name for name in state if not name.startswith(_BODY) or name in cut]
    return old_head, [name for name in wanted if not name.startswith(_BODY)]


def _is_same_head(old: Mapping[str, Tensor], new: Mapping[str, Tensor]) -> bool:
    """Return whether two heads differ in nothing but the number of classes."""
    return old.keys() == new.keys() and all(
        old[name].shape[name.startswith(_LAST) :] == new[name].shape[name.startswith(_LAST) :] for name in new
    )
