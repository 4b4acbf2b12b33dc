"""``Recipe``: everything one training run depends on, read from a TOML file; all faults are reported at once."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    field_validator,
    model_serializer,
    model_validator,
)

from mien.errors import MienError, RecipeError, suggest
from mien.models import ESTIMATORS
from mien.recognition.model_file import order_views
from mien.settings import parse_setting, read_toml
from mien.training.augmentation.settings import AugmentationSettings
from mien.training.data_settings import DataSettings, Section, find_data_faults
from mien.training.distillation import DistillationSettings
from mien.training.finetuning_settings import FinetuningSettings
from mien.training.function_settings import UNKNOWN
from mien.training.model_settings import HeadSettings, ModelSettings, find_model_faults
from mien.training.optimization_settings import LossSettings, OptimizerSettings, ScheduleSettings
from mien.training.trainer_settings import TrainerSettings

_OF_ESTIMATORS: dict[str, tuple[str, ...] | None] = {
    "name": None,
    "note": None,
    "data": None,
    "model": None,
    "training": ("views", "seed"),
}
"""What a recipe of an estimator may hold: whole sections, or of a section the keys named."""

_LATER: dict[str, Any] = {
    "head": None,
    "finetuning": FinetuningSettings().model_dump(),
    "distillation": None,
    "loss": {"name": "cross_entropy"},
    "data.allow_missing_classes": False,
    "data.fold": None,
    "data.one_against_rest": "",
    "training.targets": "labels",
    "training.average": "exponential",
    "training.average_from": 0.75,
    "training.early_stopping": 0,
    "training.join_validation": False,
}
"""Settings that recipes did not always have, with what stood in their place before."""


class TrainingSettings(Section):
    """How long and how.

    Attributes:
        epochs: Passes over the training split.
        batch_size: Pictures a step.
        targets: What training pictures are to be answered with: their ``labels``, or by their annotators' votes
            ``majority``, ``drawn``, ``multi_target`` or ``distribution``; `build_targets` says how.
        label_smoothing: Probability mass spread evenly over all classes; the loss ``hinge`` leaves it out.
        class_weights: ``balanced`` weighs the errors of a class by how rare it is; ``none`` weighs all alike.
        join_validation: Whether the validation split trains, too. Then nothing chooses: the weights of the last epoch
            are kept, and nothing can be calibrated or exported.
        sampling: ``level`` draws pictures, with replacement, so that all classes come equally often; ``shuffled``
            takes each once an epoch.
        average: Which mean of the weights is judged and kept: ``exponential``, or ``stochastic`` (stochastic weight
            averaging: the equal mean of the weights at the ends of the last epochs).
        average_decay: Decay of the exponential mean per step; 0 takes the weights as they are.
        average_from: Share of the epochs after which the stochastic mean begins.
        early_stopping: Epochs without a better validation accuracy after which a run ends; 0 trains all epochs.
        precision: ``auto`` takes bfloat16 where the processor has it; ``bfloat16`` or ``float32``.
        tensorboard: Whether the curves are also written for TensorBoard, into the run folder.
        views: Views averaged when judging: ``plain``, or ``plain`` and ``flip``.
        seed: Seed of everything random.
    """

    epochs: int = Field(30, ge=1)
    batch_size: int = Field(128, ge=2)
    targets: Literal["labels", "majority", "drawn", "multi_target", "distribution"] = "labels"
    label_smoothing: float = Field(0.1, ge=0, lt=1)
    class_weights: Literal["none", "balanced"] = "none"
    join_validation: bool = False
    sampling: Literal["shuffled", "level"] = "shuffled"
    average: Literal["exponential", "stochastic"] = "exponential"
    average_decay: float = Field(0.998, ge=0, lt=1)
    average_from: float = Field(0.75, ge=0, lt=1)
    early_stopping: int = Field(0, ge=0)
    precision: Literal["auto", "bfloat16", "float32"] = "auto"
    tensorboard: bool = False
    views: tuple[str, ...] = Field(("plain", "flip"), strict=False)
    seed: int = Field(0, ge=0)

    @field_validator("views")
    @classmethod
    def _views_are_known(cls, views: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return order_views(views)
        except MienError as fault:
            raise ValueError(str(fault)) from None


class Recipe(Section):
    """Everything one training run depends on.

    An estimator, fitted in one go, depends on less: a recipe that names one may hold of `training` only `views` and
    `seed`, nothing that moves weights step by step, and is written without the rest.

    Attributes:
        name: Name of the run folder and, when exported, of the model.
        note: Free text, such as the command that made a shipped model.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$")
    note: str = ""
    data: DataSettings = DataSettings()
    model: ModelSettings
    head: HeadSettings | None = None
    finetuning: FinetuningSettings = FinetuningSettings()
    loss: LossSettings = LossSettings()
    distillation: DistillationSettings | None = None
    augmentation: AugmentationSettings = AugmentationSettings()
    optimizer: OptimizerSettings = OptimizerSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    training: TrainingSettings = TrainingSettings()
    trainer: TrainerSettings = TrainerSettings()

    @model_validator(mode="after")
    def _momentum_can_cycle(self) -> "Recipe":
        if self.schedule.options.get("cycle_momentum") and not self.optimizer.has_momentum:
            raise ValueError(
                f"{self.optimizer.name} has no momentum that {self.schedule.name} could move; "
                "set schedule.cycle_momentum = false, or give it one"
            )
        return self

    @model_validator(mode="after")
    def _nothing_chooses_by_what_trains(self) -> "Recipe":
        if self.training.join_validation and (self.training.early_stopping or "metric" in self.schedule.options):
            raise ValueError(
                "training.join_validation leaves no split to choose by; leave out training.early_stopping, and take "
                "a schedule that looks at no metric"
            )
        return self

    @model_validator(mode="after")
    def _one_process_freezes(self) -> "Recipe":
        if self.finetuning.freeze_epochs and (self.trainer.devices != 1 or self.trainer.num_nodes != 1):
            raise ValueError("finetuning.freeze_epochs needs one process; set trainer.devices and num_nodes to 1")
        return self

    @model_validator(mode="after")
    def _mixed_targets_have_shares(self) -> "Recipe":
        if self.training.targets == "multi_target" and (self.augmentation.mixup or self.augmentation.cutmix):
            raise ValueError(
                "training.targets = 'multi_target' takes every class of a picture for right, so mixed pictures would "
                "lose their shares; leave out augmentation.mixup and cutmix, or take 'distribution'"
            )
        return self

    @model_serializer(mode="wrap")
    def _without_what_means_nothing(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        settings: dict[str, Any] = dump(self)
        for section, key in _foreign_settings(settings) if self.model.is_estimator else ():
            (settings[section] if key else settings).pop(key or section)
        return settings

    @property
    def fingerprint(self) -> str:
        """SHA-256 over all settings that change the outcome."""
        return hashlib.sha256(json.dumps(self._settings_that_matter(), sort_keys=True).encode()).hexdigest()

    def find_differences(self, other: "Recipe") -> list[str]:
        """Return the settings that change the outcome and are not those of another recipe, a phrase each.

        Args:
            other: The recipe to compare with; phrases say that a setting is this one's and was the other's.
        """
        here, there = (_flatten(recipe._settings_that_matter()) for recipe in (self, other))
        return [
            f"{key} is {here.get(key, 'missing')} and was {there.get(key, 'missing')}"
            for key in {**here, **there}
            if here.get(key, "missing") != there.get(key, "missing")
        ]

    def _settings_that_matter(self) -> dict[str, Any]:
        """Return all but name, note, where it trains and what is written beside.

        Settings that recipes did not always have count only where they are set, so that a recipe keeps its fingerprint.
        """
        settings = self.model_dump(mode="json", exclude={"name", "note", "trainer"})
        settings["training"].pop("tensorboard", None)
        for place, default in _LATER.items():
            section, _, key = place.rpartition(".")
            inside = settings[section] if section else settings
            if inside.get(key) == default:
                inside.pop(key, None)
        return settings


def read_recipe(file: Path, changes: Iterable[str] = ()) -> Recipe:
    """Return the recipe of a TOML file.

    Args:
        file: The recipe.
        changes: Settings changed on the way in, such as ``"training.epochs=3"``; values are TOML, bare words are text.

    Raises:
        RecipeError: With all faults in one line: unknown keys (with a suggestion), wrong types, values out of range,
            names that no registry knows.
    """
    settings = read_toml(file, noun="recipe")
    for change in changes:
        apply_change(settings, change)
    return build_recipe(settings, source=str(file))


def build_recipe(settings: dict[str, Any], *, source: str = "recipe") -> Recipe:
    """Return the recipe made of plain settings.

    Args:
        settings: Nested settings as TOML gives them.
        source: What error messages call them.

    Raises:
        RecipeError: With all faults in one line.
    """
    faults: list[str] = []
    recipe = None
    try:
        recipe = Recipe.model_validate(settings)
    except ValidationError as fault:
        faults += [_describe(error) for error in fault.errors()]
    faults += _registry_faults(settings) + _estimator_faults(settings)
    if faults or recipe is None:
        count = f"{len(faults)} fault{'s' if len(faults) > 1 else ''}"
        raise RecipeError(f"{source}: {count}: {'; '.join(faults)}")
    return recipe


def _flatten(settings: dict[str, Any], place: str = "") -> dict[str, Any]:
    """Return nested settings under dotted keys."""
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        flat |= _flatten(value, f"{place}{key}.") if isinstance(value, dict) else {f"{place}{key}": value}
    return flat


def apply_change(settings: dict[str, Any], change: str) -> None:
    """Change one setting in place.

    Args:
        settings: Nested settings as TOML gives them.
        change: Such as ``"training.epochs=3"``; the value is TOML, a bare word is text.

    Raises:
        RecipeError: If it is no setting, or leads into a value.
    """
    try:
        key, value = parse_setting(change, expected="section.key=value, such as training.epochs=3")
    except MienError as fault:
        raise RecipeError(str(fault)) from None
    *sections, last = key.split(".")
    for section in sections:
        settings = settings.setdefault(section, {})
        if not isinstance(settings, dict):
            raise RecipeError(f"{change!r}: {section!r} is a value, not a section")
    settings[last] = value


def _describe(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"]) or "recipe"
    if error["type"] == "extra_forbidden":
        return f"{place}: unknown key{suggest(str(error['loc'][-1]), _known_keys(error['loc'][:-1]))}"
    if error["type"] == UNKNOWN:
        return f"{place}: {error['msg']}"
    if error["type"] == "missing":
        return f"{place}: missing"
    message = error["msg"].removeprefix("Value error, ")
    return f"{place}: {message}" + ("" if isinstance(error["input"], dict) else f", found {error['input']!r}")


def _known_keys(place: tuple[int | str, ...]) -> list[str]:
    section: Any = Recipe
    for part in place:
        if isinstance(part, str):  # a number counts the sections of a list
            annotation = section.model_fields[part].annotation
            section = next(each for each in (annotation, *get_args(annotation)) if hasattr(each, "model_fields"))
    return list(section.model_fields)


def _registry_faults(settings: dict[str, Any]) -> list[str]:
    data, model = settings.get("data"), settings.get("model")
    faults = find_data_faults(data) if isinstance(data, dict) else []
    faults += find_model_faults(model) if isinstance(model, dict) else []
    return faults


def _estimator_faults(settings: dict[str, Any]) -> list[str]:
    """Return what stands in a recipe of an estimator and means nothing to it; unknown keys are faults already."""
    model = settings.get("model")
    name = model.get("name") if isinstance(model, dict) else None
    if not isinstance(name, str) or name not in ESTIMATORS:
        return []
    return [
        f"{section}{'.' + key if key else ''}: means nothing to {name!r}, which is fitted in one go; leave it out"
        for section, key in _foreign_settings(settings)
        if (key or section) in _known_keys((section,) if key else ())
    ]


def _foreign_settings(settings: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the sections that are none of an estimator's, with no key, and such keys of its own sections."""
    foreign = []
    for section, content in settings.items():
        keys = _OF_ESTIMATORS.get(section)
        if section not in _OF_ESTIMATORS:
            foreign.append((section, ""))
        elif keys is not None and isinstance(content, dict):
            foreign += [(section, key) for key in content if key not in keys]
    return foreign
