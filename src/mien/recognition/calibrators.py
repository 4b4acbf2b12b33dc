"""What makes probabilities of logits: the softmax, and the calibrators that a model file's contract may carry.

`mien.evaluation.calibrators` fits them, the recognizer applies them, in NumPy alone.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mien.errors import ModelFileError, suggest

SMALLEST_PROBABILITY = float(np.finfo(np.float32).tiny)
"""A smaller probability counts as this one before its logarithm is taken."""


@dataclass(frozen=True)
class Calibrator(ABC):
    """Makes probabilities of logits, or of log-probabilities, from which logits differ by a constant a row."""

    name: ClassVar[str]

    @property
    def num_classes(self) -> int | None:
        """Classes that it was fitted to; None if it takes any number of them."""
        return None

    @abstractmethod
    def apply(self, logits: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return probabilities, shape ``(N, C)``, float32, rows that sum to 1.

        Args:
            logits: Shape ``(N, C)``, averaged over views; N may be 0.
        """

    def to_dict(self) -> dict[str, Any]:
        """Return its name and numbers as plain values, ready for JSON."""
        return {"name": self.name, **{each.name: _as_lists(getattr(self, each.name)) for each in fields(self)}}


@dataclass(frozen=True)
class NoCalibrator(Calibrator):
    """The plain softmax."""

    name: ClassVar[str] = "none"

    def apply(self, logits: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return the softmax of the logits."""
        return softmax(logits)


@dataclass(frozen=True)
class Temperature(Calibrator):
    """Logits divided by one number; which class comes first never changes.

    Args:
        temperature: Above 1 for a network that is too sure of itself, between 0 and 1 for one that is not sure enough.

    Raises:
        ValueError: If it is no number above 0.
    """

    name: ClassVar[str] = "temperature"
    temperature: float

    def __post_init__(self) -> None:
        _check_numbers("temperature", (self.temperature,))
        if self.temperature <= 0:
            raise ValueError(f"temperature must be positive, got {self.temperature}")

    def apply(self, logits: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return the softmax of the logits over the temperature."""
        return softmax(logits / self.temperature)


@dataclass(frozen=True)
class VectorScaling(Calibrator):
    """A scale and a bias for each class; another class may come first.

    Source: Guo et al., "On Calibration of Modern Neural Networks", 2017, section 4.2,
    https://arxiv.org/abs/1706.04599. Differs: log-probabilities are scaled in place of logits, so that a constant added
    to all logits of a row changes nothing.

    Args:
        scale: Factor of each class's log-probability, ``C`` numbers.
        bias: What is added to each afterwards, ``C`` numbers.

    Raises:
        ValueError: If they are no numbers, or not one of each for each class.
    """

    name: ClassVar[str] = "vector"
    scale: tuple[float, ...]
    bias: tuple[float, ...]

    def __post_init__(self) -> None:
        _check_numbers("scale", self.scale)
        _check_numbers("bias", self.bias)
        if len(self.scale) != len(self.bias):
            raise ValueError(
                f"expected one number of scale and bias a class, got {len(self.scale)} and {len(self.bias)}"
            )

    @property
    def num_classes(self) -> int:
        """Classes that it was fitted to."""
        return len(self.scale)

    def apply(self, logits: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return the softmax of the scaled and shifted log-probabilities."""
        return softmax(log_probabilities(softmax(logits)) * np.array(self.scale) + np.array(self.bias))


@dataclass(frozen=True)
class IsotonicRegression(Calibrator):
    """A rising curve for each class, straight between knots, and each row divided by its sum.

    Another class may come first. Outside its knots a curve stays level. A row of which every curve makes 0 keeps the
    plain softmax.

    Source: Zadrozny and Elkan, "Transforming Classifier Scores into Accurate Multiclass Probability Estimates", 2002,
    section 5.1, https://doi.org/10.1145/775047.775151.

    Args:
        inputs: For each class the probabilities at its knots, 0 to 1, rising.
        outputs: For each class what they become, 0 to 1, never falling.

    Raises:
        ValueError: If a class has no knot, knots without a number, or numbers out of range or order.
    """

    name: ClassVar[str] = "isotonic"
    inputs: tuple[tuple[float, ...], ...]
    outputs: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        if len(self.inputs) != len(self.outputs):
            raise ValueError(f"expected one curve a class, got {len(self.inputs)} inputs, {len(self.outputs)} outputs")
        for number, (x, y) in enumerate(zip(self.inputs, self.outputs, strict=True)):
            _check_numbers(f"inputs of class {number}", x)
            _check_numbers(f"outputs of class {number}", y)
            is_rising = (np.diff(x) > 0).all() and (np.diff(y) >= 0).all()
            if len(x) != len(y) or not is_rising or min(*x, *y) < 0 or max(*x, *y) > 1:
                raise ValueError(f"the curve of class {number} must rise from knot to knot between 0 and 1")

    @property
    def num_classes(self) -> int:
        """Classes that it was fitted to."""
        return len(self.inputs)

    def apply(self, logits: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return what the curves make of the softmax, divided by its sum."""
        plain = softmax(logits)
        curves = zip(plain.T, self.inputs, self.outputs, strict=True)
        raised = np.stack([np.interp(column, x, y) for column, x, y in curves], axis=1)
        sums = raised.sum(axis=1, keepdims=True)
        result: NDArray[np.float32] = np.where(sums > 0, raised / np.where(sums > 0, sums, 1), plain).astype(np.float32)
        return result


CALIBRATORS: dict[str, type[Calibrator]] = {
    kind.name: kind for kind in (NoCalibrator, Temperature, VectorScaling, IsotonicRegression)
}
"""Calibrators by name, those that change least first."""


def calibrator_to_contract(calibrator: Calibrator) -> dict[str, Any]:
    """Return the contract's fields ``temperature`` and ``calibrator``; the second is empty where the first says all.

    Args:
        calibrator: Any calibrator.

    Example:
        >>> calibrator_to_contract(Temperature(1.5)), calibrator_to_contract(NoCalibrator())
        ({'temperature': 1.5, 'calibrator': {}}, {'temperature': 1.0, 'calibrator': {'name': 'none'}})
    """
    if isinstance(calibrator, Temperature):
        return {"temperature": calibrator.temperature, "calibrator": {}}
    return {"temperature": 1.0, "calibrator": calibrator.to_dict()}


def calibrator_from_contract(temperature: float, values: Mapping[str, Any], *, num_classes: int) -> Calibrator:
    """Return the calibrator that `calibrator_to_contract` described.

    Args:
        temperature: The contract's temperature.
        values: Its calibrator; empty if the temperature says all.
        num_classes: Classes of the model.

    Raises:
        ModelFileError: If the name is unknown, the numbers are missing, wrong or of another number of classes, or there
            is a temperature beside them.
    """
    if not values:
        return Temperature(temperature)
    name = values.get("name")
    kind = CALIBRATORS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ModelFileError(f"unknown calibrator {name!r}{suggest(str(name), CALIBRATORS)}")
    wanted, given = [each.name for each in fields(kind)], [key for key in values if key != "name"]
    if sorted(given) != sorted(wanted):
        raise ModelFileError(
            f"calibrator {name!r} has {', '.join(given) or 'no numbers'}; expected {', '.join(wanted) or 'none'}"
        )
    try:
        calibrator = kind(**{key: _as_tuples(values[key]) for key in given})
    except (TypeError, ValueError) as error:
        raise ModelFileError(f"calibrator {name!r}: {error}") from error
    if calibrator.num_classes not in (None, num_classes):
        raise ModelFileError(f"calibrator {name!r} is for {calibrator.num_classes} classes; expected {num_classes}")
    if temperature != 1:
        raise ModelFileError(f"temperature must be 1 beside a calibrator, got {temperature}")
    return calibrator


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return probabilities, shape ``(N, C)``, float32, rows that sum to 1, from logits of the same shape."""
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True, initial=-np.inf))
    probabilities: NDArray[np.float32] = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return probabilities


def log_probabilities(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return natural logarithms, float64, of the same shape; those of 0 stay finite."""
    result: NDArray[np.float64] = np.log(np.maximum(probabilities.astype(np.float64), SMALLEST_PROBABILITY))
    return result


def _check_numbers(name: str, values: Any) -> None:
    is_fine = isinstance(values, tuple) and len(values) > 0
    if not is_fine or not all(
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) for value in values
    ):
        raise ValueError(f"{name} must be one or more numbers")


def _as_lists(value: Any) -> Any:
    return [_as_lists(each) for each in value] if isinstance(value, tuple) else value


def _as_tuples(value: Any) -> Any:
    return tuple(_as_tuples(each) for each in value) if isinstance(value, list | tuple) else value
