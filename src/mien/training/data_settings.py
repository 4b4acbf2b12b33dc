"""The section ``[data]`` of a recipe: which faces train, and what is done to them on the way."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mien.data import DATASETS, find_dataset_option_faults
from mien.data.balancing import BALANCING, NewRows
from mien.data.cleaning import order_rules
from mien.data.steps import find_step_faults
from mien.errors import MienError
from mien.expressions import find_vocabulary
from mien.training.function_settings import FunctionSettings


class Section(BaseModel):
    """A section of a recipe: unknown keys are faults, types are not bent."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class AuxiliarySettings(Section):
    """A further data set, all of which joins the training split.

    Attributes:
        dataset: Registered data set.
        path: File or folder; empty takes the data set's usual place.
        options: Options of its reader.
    """

    dataset: str
    path: str = ""
    options: dict[str, Any] = {}


class SplitSettings(Section):
    """Splits cut anew from all rows of the set, stratified by class; what is left of them trains.

    Attributes:
        validation: Share that chooses.
        test: Share that judges; 0 cuts none, and a test split of the set's own stays.
        of: Splits whose rows are dealt.
        seed: Seed of the draw.
        by_subject: Whether all pictures of a person stay on one side.
    """

    validation: float = Field(0.1, gt=0, lt=1)
    test: float = Field(0.0, ge=0, lt=1)
    of: tuple[str, ...] = Field(("training",), strict=False)
    seed: int = Field(0, ge=0)
    by_subject: bool = False


class FoldSettings(Section):
    """One fold of several, held out as the run's test split; of the others a share chooses and the rest trains.

    Attributes:
        folds: So many are dealt, evenly by class.
        number: The fold held out, counted from 0.
        of: Splits whose rows are dealt; rows of the others are left out. A published test split is refused.
        by_subject: Whether all pictures of a person stay in one fold, and on one side of the share that chooses.
        seed: Seed of the draws.
        validation: Share of the other folds that chooses.
    """

    folds: int = Field(ge=2)
    number: int = Field(0, ge=0)
    of: tuple[Literal["training", "validation", "test"], ...] = Field(
        ("training", "validation"), min_length=1, strict=False
    )
    by_subject: bool = False
    seed: int = Field(0, ge=0)
    validation: float = Field(0.1, gt=0, lt=1)

    @model_validator(mode="after")
    def _number_is_of_a_fold(self) -> "FoldSettings":
        if self.number >= self.folds:
            raise ValueError(f"there is no fold {self.number} of {self.folds}; expected 0 to {self.folds - 1}")
        return self


class BalanceSettings(FunctionSettings):
    """More rows for rare classes of the training split; written with the options that are given.

    Attributes:
        method: Registered balancing method, such as ``over_sampling``.
        counts: Rows that classes are to have; empty levels all with the largest.
        before_split: Whether it happens before splits are cut, which leaks: for studies that did so.
    """

    key = "method"
    set_elsewhere = ("seed",)
    writes_defaults = False
    method: str
    counts: dict[str, int] = Field(default_factory=dict)
    before_split: bool = False

    @classmethod
    def find(cls, name: str) -> Callable[..., NewRows]:
        """Return the method of a name, from the registry."""
        return BALANCING.get(name).plugin


class DataSettings(Section):
    """Which faces train, and what is done to them; the order of the fields is the order of the work.

    Attributes:
        dataset: Registered data set.
        path: File or folder; empty takes the data set's usual place.
        options: Options of its reader.
        expressions: Vocabulary by name, or classes in label order; None keeps the set's own.
        outside: Rows outside of `expressions`: ``refuse`` or ``drop``.
        clean: Cleaning rules, such as ``conflicting_labels`` or ``no_face:yunet``; `mien data clean` lists them.
        clean_splits: ``training`` cleans the training split alone; ``all`` cleans validation and test too, as some
            studies did, which changes what is judged.
        split: Cuts splits anew; None keeps the set's own.
        fold: Holds one of several folds out as test and cuts validation from the others; not together with `split`.
        protocol: ``official`` keeps the published splits; ``clean`` drops training rows with a copy in a later split.
        allow_leakage: Whether copies across splits cut by hand are accepted; figures then say "leaky".
        auxiliary: Further sets for training.
        one_against_rest: A class that alone is told from all others, such as ``happy`` from ``not_happy``; empty tells
            all classes apart.
        prepare: Steps of preparation, as names or tables.
        on_unreadable: Pictures that cannot be read or show no face to a step: ``refuse`` or ``drop``.
        balance: More rows for rare classes; None adds none.
        allow_missing_classes: Whether a new run may train without a picture of some class, which it then never answers.
    """

    dataset: str = "fer2013"
    path: str = ""
    options: dict[str, Any] = {}
    expressions: str | list[str] | None = None
    outside: Literal["refuse", "drop"] = "refuse"
    clean: tuple[str, ...] = Field((), strict=False)
    clean_splits: Literal["training", "all"] = "training"
    split: SplitSettings | None = None
    fold: FoldSettings | None = None
    protocol: Literal["official", "clean"] = "official"
    allow_leakage: bool = False
    auxiliary: tuple[AuxiliarySettings, ...] = Field((), strict=False)
    one_against_rest: str = ""
    prepare: tuple[str | dict[str, Any], ...] = Field((), strict=False)
    on_unreadable: Literal["refuse", "drop"] = "refuse"
    balance: BalanceSettings | None = None
    allow_missing_classes: bool = False

    @model_validator(mode="after")
    def _splits_are_cut_once(self) -> "DataSettings":
        if self.split is not None and self.fold is not None:
            raise ValueError("split and fold both cut the splits; leave one of them out")
        return self

    @model_validator(mode="after")
    def _what_leaks_is_allowed(self) -> "DataSettings":
        if self.balance is None or not self.balance.before_split:
            return self
        if not self.allow_leakage:
            raise ValueError("balance.before_split leaks; it needs allow_leakage = true, and every figure says 'leaky'")
        if self.split is None:
            raise ValueError("balance.before_split makes every row train; it needs split to cut others from them")
        return self


def find_data_faults(data: dict[str, Any]) -> list[str]:
    """Return what is wrong with the names and options in a section ``[data]``, a line each; types are not checked here.

    Args:
        data: The section as TOML gives it.
    """
    faults = _set_faults(data, "data")
    for number, other in enumerate(_tables(data.get("auxiliary"))):
        faults += _set_faults(other, f"data.auxiliary.{number}")
    if isinstance(data.get("expressions"), str | list | tuple):
        faults += _naming("data.expressions", lambda: find_vocabulary(data["expressions"]))
    if isinstance(data.get("clean"), list | tuple) and all(isinstance(rule, str) for rule in data["clean"]):
        faults += _naming("data.clean", lambda: order_rules(data["clean"]))
    if data.get("prepare"):
        faults += [f"data.prepare: {fault}" for fault in find_step_faults(data["prepare"])]
    return faults


def _set_faults(settings: dict[str, Any], place: str) -> list[str]:
    name, options = settings.get("dataset", "fer2013"), settings.get("options", {})
    if not isinstance(name, str) or not isinstance(options, dict):
        return []
    try:
        DATASETS.get(name)
    except MienError as fault:
        return [f"{place}.dataset: {fault}"]
    return [f"{place}.options.{fault}" for fault in find_dataset_option_faults(name, options)]


def _naming(place: str, look: Any) -> list[str]:
    try:
        look()
    except MienError as fault:
        return [f"{place}: {fault}"]
    return []


def _tables(value: object) -> Sequence[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list | tuple) else []
