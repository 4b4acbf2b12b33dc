"""What judging asks of a model on disk; a run folder gives it, and so does an ensemble."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from mien.training.data_settings import DataSettings


class JudgedRecipe(Protocol):
    """What made a model."""

    @property
    def name(self) -> str:
        """Name of the model."""

    @property
    def data(self) -> DataSettings:
        """The faces that it is judged on."""

    def model_dump(self, *, mode: str) -> dict[str, Any]:
        """Return all of it in plain types, with mode ``json`` such as JSON knows."""


class JudgedModel(Protocol):
    """A model on disk; `mien.evaluation.predictors` says for each kind how it answers."""

    @property
    def folder(self) -> Path:
        """Where it lies, and where its answers on validation are kept."""

    @property
    def recipe(self) -> JudgedRecipe:
        """What made it."""

    @property
    def facts(self) -> Mapping[str, Any]:
        """Fingerprints of data and recipe, splits seen, expressions, channels, seed, and whether it is leaky."""

    @property
    def versions(self) -> dict[str, str]:
        """Versions of the packages that decide about what it answers."""

    @property
    def forerunners(self) -> Sequence[dict[str, Any]]:
        """What saw data before it began; see `mien.training.forerunners`."""

    def weights_fingerprint(self) -> str:
        """Return the SHA-256 of all that was learned."""
