"""What a search may set: a recipe's key to choices, to a range, or to genomes; each says it in Optuna's words."""

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from pydantic import Discriminator, Field, Tag, model_validator

from mien.models.genome import BLOCKS, KERNELS, Genome, Stage
from mien.settings import to_toml
from mien.training.data_settings import Section

Number = int | float


class Choices(Section):
    """A few values to choose from.

    Attributes:
        choices: The values: numbers, words, truths, or lists and tables of these.
    """

    choices: Annotated[list[Any], Field(min_length=1)]

    @model_validator(mode="after")
    def _choices_differ(self) -> "Choices":
        if len(set(self._simple)) < len(self.choices):  # 1 and true are equal, and could not be told apart when drawn
            raise ValueError(f"choices are {to_toml(self.choices)}; expected each once, and 1, 1.0 and true are equal")
        return self

    def distributions(self, key: str) -> dict[str, BaseDistribution]:
        """Return what Optuna draws, by name."""
        return {key: CategoricalDistribution(self._simple)}

    def value(self, key: str, drawn: Mapping[str, Any]) -> Any:
        """Return the setting that draws stand for."""
        return self.choices[self._simple.index(drawn[key])]

    def grid(self, key: str) -> dict[str, list[Any]]:
        """Return all that may be drawn, by name."""
        return {key: self._simple}

    def extremes(self) -> list[Any]:
        """Return settings that show whether a recipe takes them all."""
        return self.choices

    @property
    def _simple(self) -> list[Any]:
        """The choices as Optuna stores them: lists and tables as text."""
        return [to_toml(choice) if isinstance(choice, list | dict) else choice for choice in self.choices]


class Range(Section):
    """Numbers between two others; whole ones where all that is given is whole.

    Attributes:
        low: Smallest value.
        high: Largest value.
        log: Whether to draw evenly over the logarithm.
        step: Distance between values; None takes any number, or any whole one.
    """

    low: Number
    high: Number
    log: bool = False
    step: Annotated[Number, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _is_a_range(self) -> "Range":
        if self.low >= self.high:
            raise ValueError(f"low is {self.low} and high is {self.high}; expected low below high")
        if self.log and (self.low <= 0 or self.step is not None):
            raise ValueError("log needs a low above 0, and takes no step")
        return self

    @property
    def _is_whole(self) -> bool:
        return all(isinstance(each, int) for each in (self.low, self.high, self.step or 1))

    def distributions(self, key: str) -> dict[str, BaseDistribution]:
        """Return what Optuna draws, by name."""
        if self._is_whole:
            return {key: IntDistribution(int(self.low), int(self.high), log=self.log, step=int(self.step or 1))}
        return {key: FloatDistribution(self.low, self.high, log=self.log, step=self.step)}

    def value(self, key: str, drawn: Mapping[str, Any]) -> Any:
        """Return the setting that draws stand for."""
        return drawn[key]

    def grid(self, key: str) -> dict[str, list[Any]]:
        """Return all that may be drawn, by name.

        Raises:
            ValueError: If there is no end to it.
        """
        if self.step is None and not self._is_whole:
            raise ValueError("a grid needs choices, whole numbers or a step")
        step = self.step or 1
        numbers = self.low + step * np.arange(1 + int((self.high - self.low) / step + 1e-9))
        return {key: numbers.tolist()}

    def extremes(self) -> list[Any]:
        """Return settings that show whether a recipe takes them all."""
        return [self.low, self.high]


class Genes(Section):
    """What genomes are made of.

    Attributes:
        stages: Fewest and most stages.
        widths: Channels of a stage.
        blocks: Kinds of block.
        kernels: Sides of kernels.
        depths: Blocks of a stage.
        stems: Channels of the first convolution.
    """

    stages: tuple[int, int] = Field(strict=False)
    widths: tuple[int, ...] = Field(min_length=1, strict=False)
    blocks: tuple[str, ...] = Field(BLOCKS, min_length=1, strict=False)
    kernels: tuple[int, ...] = Field(KERNELS, min_length=1, strict=False)
    depths: tuple[int, ...] = Field((1, 2), min_length=1, strict=False)
    stems: tuple[int, ...] = Field((16,), min_length=1, strict=False)

    @model_validator(mode="after")
    def _all_genomes_build(self) -> "Genes":
        fewest, most = self.stages
        if not 1 <= fewest <= most:
            raise ValueError(f"stages is [{fewest}, {most}]; expected fewest and most, at least 1")
        for stem in self.stems:
            Genome(stem, (Stage("plain", 16, 1),) * most)
        for width in self.widths:
            Stage("plain", width, 1)
        for block in self.blocks:
            Stage(block, 16, 1)
        for kernel in self.kernels:
            Stage("plain", 16, 1, kernel)
        for depth in self.depths:
            Stage("plain", 16, depth)
        return self


class GenomeSpace(Section):
    """Structures of `genome_cnn`; all stages that there may be are drawn, so that any two genomes can be crossed.

    Attributes:
        genome: What they are made of.
    """

    genome: Genes

    def distributions(self, key: str) -> dict[str, BaseDistribution]:
        """Return what Optuna draws, by name."""
        fewest, most = self.genome.stages
        drawn: dict[str, BaseDistribution] = {
            f"{key}.stem": CategoricalDistribution(self.genome.stems),
            f"{key}.stages": IntDistribution(fewest, most),
        }
        for place in range(1, most + 1):
            for gene, choices in self._genes().items():
                drawn[f"{key}.{place}.{gene}"] = CategoricalDistribution(choices)
        return drawn

    def value(self, key: str, drawn: Mapping[str, Any]) -> Any:
        """Return the genome that draws stand for, as text; stages beyond its number are not expressed."""
        stages = [
            Stage(**{gene: drawn[f"{key}.{place}.{gene}"] for gene in self._genes()})
            for place in range(1, drawn[f"{key}.stages"] + 1)
        ]
        return str(Genome(drawn[f"{key}.stem"], tuple(stages)))

    def grid(self, key: str) -> dict[str, list[Any]]:
        """Refuse: genomes are too many for a grid.

        Raises:
            ValueError: Always.
        """
        raise ValueError("genomes are too many for a grid; take another sampler")

    def extremes(self) -> list[Any]:
        """Return settings that show whether a recipe takes them all."""
        stages = tuple(Stage("plain", self.genome.widths[0], 1) for _ in range(self.genome.stages[1]))
        return [str(Genome(self.genome.stems[0], stages))]

    def _genes(self) -> dict[str, tuple[Any, ...]]:
        genes = self.genome
        return {"block": genes.blocks, "width": genes.widths, "depth": genes.depths, "kernel": genes.kernels}


_KINDS = {"choices": "choices", "low": "range", "high": "range", "genome": "genome"}


def _kind(entry: Any) -> str | None:
    keys = entry if isinstance(entry, dict) else getattr(entry, "model_fields_set", ())
    return next((_KINDS[key] for key in keys if key in _KINDS), None)


AnyEntry = Choices | Range | GenomeSpace

Entry = Annotated[
    Annotated[Choices, Tag("choices")] | Annotated[Range, Tag("range")] | Annotated[GenomeSpace, Tag("genome")],
    Discriminator(
        _kind,
        custom_error_type="space",
        custom_error_message=(
            "expected a key in quotes with {choices = [...]}, {low = ..., high = ...} or {genome = {...}}"
        ),
    ),
]
"""What one key of a recipe may be set to."""


def distributions_of(space: Mapping[str, AnyEntry]) -> dict[str, BaseDistribution]:
    """Return what Optuna draws for all keys, by name.

    Args:
        space: What each key may be set to.
    """
    return {name: drawn for key, entry in space.items() for name, drawn in entry.distributions(key).items()}


def changes_of(space: Mapping[str, AnyEntry], drawn: Mapping[str, Any]) -> list[str]:
    """Return what was drawn as changed settings of a recipe, such as ``training.epochs=3``.

    Args:
        space: What each key may be set to.
        drawn: Optuna's draws, by name.
    """
    return [f"{key}={to_toml(entry.value(key, drawn))}" for key, entry in space.items()]


def grid_of(space: Mapping[str, AnyEntry]) -> dict[str, list[Any]]:
    """Return all that may be drawn, by name.

    Args:
        space: What each key may be set to.

    Raises:
        ValueError: If a key has no end of values; the message names it.
    """
    grid: dict[str, list[Any]] = {}
    for key, entry in space.items():
        try:
            grid |= entry.grid(key)
        except ValueError as fault:
            raise ValueError(f"{key}: {fault}") from None
    return grid
