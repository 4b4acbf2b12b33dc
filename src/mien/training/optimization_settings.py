"""The sections ``[optimizer]`` and ``[schedule]`` of a recipe: how weights move."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    SerializerFunctionWrapHandler,
    ValidationError,
    create_model,
    model_serializer,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from mien.errors import suggest
from mien.training.data_settings import Section
from mien.training.optimizers import OPTIMIZERS
from mien.training.schedules import SCHEDULES

UNKNOWN = "unknown"
"""Type of the faults whose message says all: unknown names and keys."""


class FunctionSettings(BaseModel):
    """A section whose ``name`` picks a function; every key but the section's own is an option of that function.

    Options that are not given have the function's defaults, and all are written. Own keys that are in `later` are
    written only where they are set, so that recipes from before them stay the same.

    Attributes:
        name: One of `functions`.
    """

    model_config = ConfigDict(extra="allow", frozen=True, strict=True, allow_inf_nan=False)
    kind: ClassVar[str]
    functions: ClassVar[Mapping[str, Callable[..., Any]]]
    later: ClassVar[tuple[str, ...]]
    name: str

    @property
    def options(self) -> dict[str, Any]:
        """The function's own options, such as ``momentum``."""
        return dict(self.__pydantic_extra__ or {})

    @model_validator(mode="wrap")
    @classmethod
    def _options_fit_the_name(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(given, dict):
            return handler(given)
        name = given.get("name", cls.model_fields["name"].default)
        own = {key: value for key, value in given.items() if key in cls.model_fields}
        options = {key: value for key, value in given.items() if key not in own}
        faults: list[InitErrorDetails] = []
        if isinstance(name, str) and name in cls.functions:
            defaults, options, faults = cls._read_options(name, options)
            own = defaults | own
        elif isinstance(name, str):
            faults = [_fault("name", f"unknown {cls.kind} {name!r}{suggest(name, cls.functions)}")]
        try:
            settings = handler(own | options)
        except ValidationError as fault:
            faults = [*fault.errors(include_url=False), *faults]  # type: ignore[list-item]
        if faults:
            raise ValidationError.from_exception_data(cls.__name__, faults)
        return settings

    @classmethod
    def _read_options(
        cls, name: str, given: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any], list[InitErrorDetails]]:
        """Return the function's defaults of own keys, its options with all defaults, and what is wrong with them."""
        arguments = [
            each
            for each in inspect.signature(cls.functions[name]).parameters.values()
            if each.kind is inspect.Parameter.KEYWORD_ONLY
        ]
        own = {each.name: each.default for each in arguments if each.name in cls.model_fields}
        fields: dict[str, Any] = {
            each.name: (each.annotation, ... if each.default is inspect.Parameter.empty else each.default)
            for each in arguments
            if each.name not in own
        }
        try:
            return own, create_model(name, __base__=Section, **fields)(**given).model_dump(), []
        except ValidationError as fault:
            faults: list[Any] = list(fault.errors(include_url=False))
        known = [*cls.model_fields, *fields]
        for place, error in enumerate(faults):
            if error["type"] == "extra_forbidden":
                key = str(error["loc"][0])
                faults[place] = _fault(key, f"unknown key{suggest(key, known)}")
        return own, {}, faults

    @model_serializer(mode="wrap")
    def _without_what_came_later(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        settings: dict[str, Any] = dump(self)
        fields = type(self).model_fields
        return {key: value for key, value in settings.items() if key not in self.later or value != fields[key].default}


class OptimizerSettings(FunctionSettings):
    """How weights move.

    Attributes:
        name: One of the optimizers, such as ``sgd`` or ``adamw``.
        learning_rate: Peak learning rate; each optimizer has a default of its own.
        weight_decay: How strongly weights are drawn to 0.
        decay: ``coupled`` adds the decay to the gradient; ``decoupled`` shrinks weights by rate times decay before each
            step. ``adamw`` is decoupled by itself.
        decay_on: What decays: ``weights`` of convolutions and linear layers, so that biases and norms do not, those
            of ``convolutions`` alone, or ``all``.
        clip_norm: Largest norm of the gradient of all weights together; 0 clips nothing.
        clip_value: Largest absolute value of the gradient of a weight; 0 clips nothing.
        accumulate: Batches whose mean gradient makes a step.
        sharpness: Distance at which sharpness-aware minimisation seeks the worst point near the weights, such as 0.05;
            0 does without. A step then takes two passes.
        adaptive_sharpness: Whether that distance is counted in shares of each weight.
    """

    kind = "optimizer"
    functions = OPTIMIZERS
    later = ("decay", "decay_on", "clip_norm", "clip_value", "accumulate", "sharpness", "adaptive_sharpness")
    name: str = "sgd"
    learning_rate: float = Field(0.1, gt=0)
    weight_decay: float = Field(5e-4, ge=0)
    decay: Literal["coupled", "decoupled"] = "coupled"
    decay_on: Literal["weights", "convolutions", "all"] = "weights"
    clip_norm: float = Field(0.0, ge=0)
    clip_value: float = Field(0.0, ge=0)
    accumulate: int = Field(1, ge=1)
    sharpness: float = Field(0.0, ge=0)
    adaptive_sharpness: bool = False

    @property
    def arguments(self) -> dict[str, Any]:
        """What `build_optimizer` takes; the rest is the trainer's."""
        of_the_trainer = ("clip_norm", "clip_value", "accumulate", "sharpness", "adaptive_sharpness")
        return {key: value for key, value in self if key not in of_the_trainer}

    @property
    def has_momentum(self) -> bool:
        """Whether there is a momentum that a schedule may move."""
        return "betas" in self.options or self.options.get("momentum", 0) > 0

    @model_validator(mode="after")
    def _settings_go_together(self) -> Self:
        if self.clip_norm and self.clip_value:
            raise ValueError("clip_norm and clip_value are both set; expected one of them")
        if self.sharpness and self.accumulate > 1:
            raise ValueError(
                f"sharpness seeks its point with each batch; expected accumulate = 1, not {self.accumulate}"
            )
        if self.name == "adamw" and "decay" in self.model_fields_set and self.decay == "coupled":
            raise ValueError("adamw is decoupled by itself; take adam for coupled decay")
        return self


class ScheduleSettings(FunctionSettings):
    """How the learning rate moves.

    Attributes:
        name: One of the schedules, such as ``one_cycle``, ``cosine`` or ``constant``.
        warmup_steps: Steps in which the rate first rises on a line to where the schedule begins.
        warmup_epochs: The same in epochs.
    """

    kind = "schedule"
    functions = SCHEDULES
    later = ("warmup_steps", "warmup_epochs")
    name: str = "one_cycle"
    warmup_steps: int = Field(0, ge=0)
    warmup_epochs: float = Field(0.0, ge=0)

    @model_validator(mode="wrap")
    @classmethod
    def _old_constant_is_read(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Leave out what `constant` was once written with."""
        if isinstance(given, dict) and given.get("name") == "constant":
            given = {key: value for key, value in given.items() if key != "warmup"}
        return handler(given)

    @model_validator(mode="after")
    def _one_warmup(self) -> Self:
        if self.warmup_steps and self.warmup_epochs:
            raise ValueError("warmup_steps and warmup_epochs are both set; expected one of them")
        return self


def _fault(key: str, message: str) -> InitErrorDetails:
    return InitErrorDetails(type=PydanticCustomError(UNKNOWN, "{message}", {"message": message}), loc=(key,), input=key)
