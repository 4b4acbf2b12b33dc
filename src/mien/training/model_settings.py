"""The sections ``[model]`` and ``[head]`` of a recipe: which network is trained, and what stands on its last map."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, StrictInt, model_validator

from mien.errors import MienError
from mien.models import ESTIMATORS, check_head, find_option_faults
from mien.training.data_settings import Section


class ModelSettings(BaseModel):
    """Which network is trained or which estimator fitted; every key but ``name`` is an option of it.

    Attributes:
        name: Registered network or estimator.
    """

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    name: str

    @property
    def options(self) -> dict[str, Any]:
        """The model's own options, such as ``width``."""
        return dict(self.__pydantic_extra__ or {})

    @property
    def is_estimator(self) -> bool:
        """Whether the model is fitted in one go, and not trained step by step."""
        return self.name in ESTIMATORS


class HeadSettings(Section):
    """A head in place of the network's own: pooling, hidden layers of ReLU, dropout, a linear layer.

    Attributes:
        pooling: ``average`` or ``max`` over all places of the last map, or ``flatten``, for pictures of one size.
        hidden: Units of each hidden layer, in order.
        dropout: Share dropped: one for all places, or one for each of `dropout_at`.
        dropout_at: Where: ``before`` the first hidden layer, ``between`` each two, ``after`` the last.
        normalization: Between each hidden layer and its ReLU: ``none``, ``batch`` or ``group``.
    """

    pooling: str = "average"
    hidden: tuple[StrictInt, ...] = Field((), strict=False)
    dropout: float | list[float] = 0.0
    dropout_at: tuple[str, ...] = Field(("after",), strict=False)
    normalization: str = "none"

    @model_validator(mode="after")
    def _can_be_built(self) -> "HeadSettings":
        check_head(**self.model_dump())
        return self


def find_model_faults(model: dict[str, Any]) -> list[str]:
    """Return what is wrong with the name and options in a section ``[model]``, a line each.

    Args:
        model: The section as TOML gives it.
    """
    if not isinstance(model.get("name"), str):
        return []
    options = {option: value for option, value in model.items() if option != "name"}
    try:
        return [f"model.{fault}" for fault in find_option_faults(model["name"], options)]
    except MienError as fault:
        return [f"model.name: {fault}"]
