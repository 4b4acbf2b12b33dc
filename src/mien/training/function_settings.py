"""``FunctionSettings``: sections of a recipe that name a function, such as an optimizer, and hold its options."""

import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    SerializerFunctionWrapHandler,
    ValidationError,
    create_model,
    model_serializer,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from mien.errors import MienError, suggest

UNKNOWN = "unknown"
"""Type of the faults whose message says all: unknown names and keys."""


class FunctionSettings(BaseModel):
    """A section of which one key names a function; every key but the section's own is an option of that function.

    Options are the function's keyword-only arguments, checked by their annotations. An argument that is also an own
    key of the section gives that key its default. A section whose functions stand in a registry overrides `find`.

    Attributes:
        kind: What one function is called in messages.
        functions: The functions by name.
        key: The key that names one.
        set_elsewhere: Arguments of functions that no recipe sets.
        later: Own keys that are written only where they are set, so that recipes from before them stay the same.
        writes_defaults: Whether options that are not given are written with the function's defaults; otherwise only
            what is given is written, as it is given.
    """

    model_config = ConfigDict(extra="allow", frozen=True, strict=True, allow_inf_nan=False)
    kind: ClassVar[str]
    functions: ClassVar[Mapping[str, Callable[..., Any]]]
    key: ClassVar[str] = "name"
    set_elsewhere: ClassVar[Collection[str]] = ()
    later: ClassVar[Collection[str]] = ()
    writes_defaults: ClassVar[bool] = True

    @classmethod
    def find(cls, name: str) -> Callable[..., Any]:
        """Return the function of a name.

        Args:
            name: One of `functions`.

        Raises:
            MienError: If there is none; the message suggests the closest name.
        """
        if name not in cls.functions:
            raise MienError(f"unknown {cls.kind} {name!r}{suggest(name, cls.functions)}")
        return cls.functions[name]

    @property
    def options(self) -> dict[str, Any]:
        """The function's own options, such as ``momentum``."""
        return dict(self.__pydantic_extra__ or {})

    @model_validator(mode="wrap")
    @classmethod
    def _options_fit_the_function(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(given, dict):
            return handler(given)
        name = given.get(cls.key, cls.model_fields[cls.key].default)
        own = {key: value for key, value in given.items() if key in cls.model_fields}
        options = {key: value for key, value in given.items() if key not in own}
        faults: list[InitErrorDetails] = []
        if isinstance(name, str):
            try:
                defaults, options, faults = cls._read_options(cls.find(name), options)
                own = defaults | own
            except MienError as fault:
                faults = [_fault(cls.key, str(fault))]
        try:
            settings = handler(own | options)
        except ValidationError as fault:
            faults = [*fault.errors(include_url=False), *faults]  # type: ignore[list-item]
        if faults:
            raise ValidationError.from_exception_data(cls.__name__, faults)
        return settings

    @classmethod
    def _read_options(
        cls, function: Callable[..., Any], given: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any], list[InitErrorDetails]]:
        """Return the function's defaults of own keys, its options as they are written, and what is wrong with them."""
        arguments = [
            each
            for each in inspect.signature(function).parameters.values()
            if each.kind is inspect.Parameter.KEYWORD_ONLY and each.name not in cls.set_elsewhere
        ]
        own = {each.name: each.default for each in arguments if each.name in cls.model_fields}
        fields: dict[str, Any] = {
            each.name: (each.annotation, ... if each.default is inspect.Parameter.empty else each.default)
            for each in arguments
            if each.name not in own
        }
        config = ConfigDict(**{**cls.model_config, "extra": "forbid"})
        try:
            read = create_model("Options", __config__=config, **fields)(**given)
        except ValidationError as fault:
            known = [*cls.model_fields, *fields]
            return own, {}, [_naming_unknown(each, known) for each in fault.errors(include_url=False)]
        return own, read.model_dump() if cls.writes_defaults else given, []

    @model_serializer(mode="wrap")
    def _without_what_came_later(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        settings: dict[str, Any] = dump(self)
        fields = type(self).model_fields
        return {key: value for key, value in settings.items() if key not in self.later or value != fields[key].default}


def _naming_unknown(error: Any, known: Collection[str]) -> InitErrorDetails:
    """Return an error as it is, or, of an unknown key, one that says which is meant."""
    if error["type"] != "extra_forbidden":
        return error  # type: ignore[no-any-return]
    key = str(error["loc"][0])
    return _fault(key, f"unknown key{suggest(key, known)}")


def _fault(key: str, message: str) -> InitErrorDetails:
    return InitErrorDetails(type=PydanticCustomError(UNKNOWN, "{message}", {"message": message}), loc=(key,), input=key)
