"""The sections ``[loss]``, ``[optimizer]`` and ``[schedule]`` of a recipe: what weights make smaller, and how."""

from inspect import signature
from typing import Any, Literal, Self

from pydantic import Field, ModelWrapValidatorHandler, model_validator

from mien.training.function_settings import FunctionSettings
from mien.training.losses import LOSSES, Loss, build_loss
from mien.training.optimizers import OPTIMIZERS
from mien.training.schedules import SCHEDULES


class LossSettings(FunctionSettings):
    """What training makes smaller; written with the options that are given, as recipes always were.

    Attributes:
        name: ``cross_entropy``, ``mean_squared_error`` (on probabilities), ``binary_cross_entropy`` (multi-label),
            ``hinge`` or ``focal``.
    """

    kind = "loss"
    functions = LOSSES
    set_elsewhere = tuple(signature(Loss).parameters)
    writes_defaults = False
    name: str = "cross_entropy"

    @model_validator(mode="after")
    def _options_are_in_range(self) -> Self:
        if self.name in LOSSES:  # any other name is a fault already
            build_loss(self.name, **self.options)
        return self


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
        if self.adaptive_sharpness and not self.sharpness:
            raise ValueError("adaptive_sharpness needs a sharpness above 0, such as 0.05; set it, or leave both out")
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
