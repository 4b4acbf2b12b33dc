"""``Estimator``: the contract of the classical models, which are fitted in one go, and their registry.

One file an estimator under ``mien.models.estimators``; training fits them, evaluation asks them.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from mien.errors import DataError
from mien.images.preparation import prepare_faces
from mien.recognition.model_file import order_views
from mien.registry import Registry

Arrays = dict[str, NDArray[Any]]
Say = Callable[[str], None]
FACES_AT_A_TIME = 1024
_FIXED = ("classes", "num_classes", "size_hw")
_SMALLEST = float(np.finfo(np.float32).smallest_normal)
EstimatorClass = TypeVar("EstimatorClass", bound="type[Estimator]")


@dataclass(frozen=True)
class EstimatorCard:
    """What is known about an estimator.

    Args:
        source: Paper or text it was built after, with its address where there is one.
        input_size: ``(channels, height, width)`` it was made for; colour is turned to grey.
        packages: Distributions whose versions decide about what it answers.
        studies: Studies that use it, as in `ModelCard`; none for mien's own.
        note: What differs from the source, or what to know before using it.
    """

    source: str
    input_size: tuple[int, int, int]
    packages: tuple[str, ...]
    studies: tuple[str, ...] = ()
    note: str = ""


class Estimator(ABC):
    """A model that is fitted in one go, on all training faces at once, and is nothing but named arrays afterwards.

    Its constructor takes its options, plain keyword arguments with types. What scikit-learn fits is taken over into
    arrays: so a fitted estimator is written like a network's weights, reading one runs no code that a file brings, and
    what it answers does not hang on the version of scikit-learn that reads it.

    A subclass gives `learn` and `answer`; grey, sizes and classes that no training row has are dealt with here.
    """

    def __init__(self) -> None:
        self.learned: Arrays = {}
        self.classes: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.num_classes = 0
        self.size_hw = (0, 0)

    @abstractmethod
    def learn(self, faces: NDArray[np.uint8], labels: NDArray[np.int64], *, seed: int, say: Say) -> Arrays:
        """Return what fitting finds, as named arrays.

        Args:
            faces: Grey faces, shape ``(N, H, W)``, uint8.
            labels: Shape ``(N,)``, int64, ``0..K-1``; each of the K classes has a row.
            seed: Seed of everything random, 0..2**32-1.
            say: Is told each step that takes long.
        """

    @abstractmethod
    def answer(self, faces: NDArray[np.uint8]) -> NDArray[np.floating]:
        """Return the probabilities of the K classes that had training rows, by `learned`.

        Args:
            faces: Grey faces of the size that was fitted, shape ``(N, H, W)``, uint8.

        Returns:
            Shape ``(N, K)``, rows that sum to 1.
        """

    def check(self) -> None:  # noqa: B027 - most arrays need no look before they are used
        """Look at arrays that were read from a file, before anything is computed with them.

        Raises:
            ValueError: If they are not what `learn` can have given.
            KeyError: If one is missing.
        """

    def fit(
        self,
        faces: NDArray[np.uint8],
        labels: NDArray[np.int64],
        *,
        num_classes: int,
        seed: int,
        say: Say = lambda _: None,
    ) -> None:
        """Fit to training faces; what was fitted before is forgotten.

        Args:
            faces: Shape ``(N, H, W)`` or ``(N, H, W, 3)``, uint8, RGB.
            labels: Shape ``(N,)``, int64, ``0..num_classes-1``.
            num_classes: Columns of the answers; a class without a row gets the probability 0.
            seed: Seed of everything random, 0 or above: the same rows and seed give the same answers.
            say: Is told each step that takes long.

        Raises:
            DataError: If the rows hold fewer than two classes, or the faces are too small.
            ValueError: If shapes or types do not fit.
        """
        _check_faces(faces)
        if labels.shape != (len(faces),):
            rows = len(faces)
            raise ValueError(f"labels have shape {labels.shape}; expected ({rows},) as there are {rows} faces")
        if len(labels) and not 0 <= labels.min() <= labels.max() < num_classes:
            raise ValueError(f"labels lie in {labels.min()}..{labels.max()}; expected 0..{num_classes - 1}")
        classes, known = np.unique(labels, return_inverse=True)
        if len(classes) < 2:
            raise DataError(f"the number of classes among the training faces is {len(classes)}; expected at least 2")
        mixed = int(np.random.SeedSequence(seed).generate_state(1)[0])  # scikit-learn takes no seed above 2**32
        learned = self.learn(_as_grey(faces), known.astype(np.int64), seed=mixed, say=say)
        # safetensors writes memory as it lies, whatever the order of the axes.
        self.learned = {name: np.ascontiguousarray(array) for name, array in learned.items()}
        self.classes, self.num_classes = classes.astype(np.int64), num_classes
        self.size_hw = (faces.shape[1], faces.shape[2])

    def predict_probabilities(self, faces: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the probabilities of all classes.

        Args:
            faces: Shape ``(N, H, W)`` or ``(N, H, W, 3)``, uint8, RGB, of the size that was fitted.

        Returns:
            Shape ``(N, num_classes)``, float32, rows that sum to 1; 0 for a class that no training row had.

        Raises:
            ValueError: If nothing was fitted yet, or shapes or types do not fit.
        """
        if not self.learned:
            raise ValueError(f"{type(self).__name__} was not fitted yet; call fit or load_state first")
        _check_faces(faces)
        if faces.shape[1:3] != self.size_hw:
            height, width = self.size_hw
            raise ValueError(f"faces have shape {faces.shape}; expected (N, {height}, {width}[, 3]) as was fitted")
        probabilities = np.zeros((len(faces), self.num_classes), dtype=np.float32)
        for start in range(0, len(faces), FACES_AT_A_TIME):
            rows = slice(start, start + FACES_AT_A_TIME)
            probabilities[rows, self.classes] = self.answer(_as_grey(faces[rows]))
        return probabilities

    @property
    def num_parameters(self) -> int:
        """Numbers that fitting found and the answers depend on."""
        return sum(array.size for array in self.learned.values())

    def state(self) -> Arrays:
        """Return everything that was fitted as named arrays; `load_state` takes them."""
        fixed = {
            "classes": self.classes,
            "num_classes": np.array([self.num_classes], dtype=np.int64),
            "size_hw": np.array(self.size_hw, dtype=np.int64),
        }
        return fixed | self.learned

    def load_state(self, state: Arrays) -> None:
        """Take over what an estimator with the same options was fitted to.

        Args:
            state: Arrays that `state` gave.

        Raises:
            ValueError: If arrays are missing, or do not fit each other or the options.
        """
        try:
            # Copies, as arrays that lie in a file's own bytes cannot be handed to torch.
            self.learned = {name: np.array(array) for name, array in state.items() if name not in _FIXED}
            self.classes = state["classes"]
            (self.num_classes,) = state["num_classes"].tolist()
            height, width = state["size_hw"].tolist()
            self.size_hw = (height, width)
            self.check()
            # One black face goes through: arrays of other options or another estimator do not carry it to the end.
            probabilities = self.predict_probabilities(np.zeros((1, height, width), dtype=np.uint8))
        except (KeyError, IndexError, TypeError, ValueError, RuntimeError, DataError) as fault:
            self.learned = {}
            what = f"no array {fault}" if isinstance(fault, KeyError) else str(fault)
            raise ValueError(f"not the arrays of this {type(self).__name__}: {what}") from fault
        if not np.isclose(probabilities.sum(), 1, atol=1e-4):
            self.learned = {}
            raise ValueError(f"not the arrays of this {type(self).__name__}: its answers are no probabilities")


ESTIMATORS: Registry[type[Estimator], EstimatorCard] = Registry("estimator", package="mien.models.estimators")


def register_estimator(name: str, *, card: EstimatorCard) -> Callable[[EstimatorClass], EstimatorClass]:
    """Return the decorator that registers an `Estimator`'s class."""
    return ESTIMATORS.register(name, card=card)  # type: ignore[return-value]


def compute_log_probabilities(
    estimator: Estimator, faces: NDArray[np.uint8], *, views: Sequence[str] = ("plain",)
) -> NDArray[np.float32]:
    """Return an estimator's log-probabilities, averaged over views: what averaged logits are to a network.

    After a softmax that is the geometric mean of the views. A probability below 1e-38, such as that of a class without
    a training row, counts as that.

    Args:
        estimator: A fitted estimator.
        faces: Shape ``(N, H, W)`` or ``(N, H, W, 3)``, uint8, RGB.
        views: ``plain``, ``flip``.

    Returns:
        Shape ``(N, num_classes)``, float32.

    Raises:
        ModelFileError: If a view is unknown or stands twice.
    """
    seen = [faces if view == "plain" else faces[:, :, ::-1] for view in order_views(views)]
    parts = [np.log(np.maximum(estimator.predict_probabilities(view), _SMALLEST)) for view in seen]
    mean: NDArray[np.float32] = np.mean(parts, axis=0, dtype=np.float32)
    return mean


def _check_faces(faces: NDArray[np.uint8]) -> None:
    if faces.dtype != np.uint8 or not (faces.ndim == 3 or (faces.ndim == 4 and faces.shape[3] == 3)):
        raise ValueError(f"faces are {faces.dtype} {faces.shape}; expected uint8 (N, H, W) or (N, H, W, 3)")


def _as_grey(faces: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return faces ``(N, H, W)``; grey ones as they are."""
    return faces if faces.ndim == 3 or not len(faces) else prepare_faces(faces, [{"operation": "to_grey"}])
