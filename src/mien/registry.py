"""Registries: a plugin is one new file with one decorator, found by scanning its package.

Models, data sets, face detectors and image operations each hold one registry; command line,
documentation and contract tests read it.
"""

import importlib
import pkgutil
import threading
import types
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter
from pathlib import Path
from typing import Any, Generic, Literal, NamedTuple, TypeVar, Union, get_args, get_origin

import numpy as np

from mien.errors import MienError, suggest

Plugin = TypeVar("Plugin")
Card = TypeVar("Card")


@dataclass(frozen=True)
class Entry(Generic[Plugin, Card]):
    """One registered plugin.

    Args:
        name: Registered name, snake_case.
        plugin: The function or class.
        card: What is known about it.
        module: Module that registered it.
        aliases: Further names that it is found by.
    """

    name: str
    plugin: Plugin
    card: Card
    module: str
    aliases: tuple[str, ...] = ()


class Registry(Generic[Plugin, Card]):
    """Named plugins of one kind.

    Args:
        kind: What one entry is called in messages, such as ``"model"``.
        package: Package whose modules are imported once, when the registry is first read.
    """

    def __init__(self, kind: str, *, package: str) -> None:
        self.kind = kind
        self.package = package
        self._entries: dict[str, Entry[Plugin, Card]] = {}
        self._by_any_name: dict[str, Entry[Plugin, Card]] = {}
        self._is_scanned = self._is_scanning = False
        self._lock = threading.RLock()

    def register(self, name: str, *, card: Card, aliases: tuple[str, ...] = ()) -> Callable[[Plugin], Plugin]:
        """Return the decorator that enters a plugin under ``name``.

        Args:
            name: Registered name.
            card: What is known about the plugin.
            aliases: Further names that `get` finds it by; `names` leaves them out.

        Raises:
            MienError: If the name or an alias is taken; the message names both modules.
        """

        def enter(plugin: Plugin) -> Plugin:
            entry = Entry(name, plugin, card, getattr(plugin, "__module__", "?"), aliases)
            for each in (name, *aliases):
                if each in self._by_any_name:
                    taken = self._by_any_name[each].module
                    raise MienError(f"{self.kind} {each!r} is registered twice: in {taken} and in {entry.module}")
            self._entries[name] = entry
            self._by_any_name.update(dict.fromkeys((name, *aliases), entry))
            return plugin

        return enter

    def get(self, name: str) -> Entry[Plugin, Card]:
        """Return the entry called ``name``.

        Args:
            name: Registered name, or an alias.

        Raises:
            MienError: If there is none; the message suggests the closest name or alias.
        """
        self._scan()
        if name not in self._by_any_name:
            raise MienError(f"unknown {self.kind} {name!r}{suggest(name, self._by_any_name)}")
        return self._by_any_name[name]

    def names(self) -> list[str]:
        """Return all registered names, sorted; aliases are left out."""
        self._scan()
        return sorted(self._entries)

    def __contains__(self, name: object) -> bool:
        self._scan()
        return name in self._by_any_name

    def __iter__(self) -> Iterator[Entry[Plugin, Card]]:
        return iter([self._entries[name] for name in self.names()])

    def __len__(self) -> int:
        return len(self.names())

    def _scan(self) -> None:
        if self._is_scanned:
            return
        with self._lock:  # threads that come meanwhile wait for the whole registry
            if self._is_scanned or self._is_scanning:
                return
            self._is_scanning = True
            try:
                package = importlib.import_module(self.package)
                for module in pkgutil.iter_modules(package.__path__):
                    importlib.import_module(f"{self.package}.{module.name}")
                self._is_scanned = True
            finally:
                self._is_scanning = False


def find_argument_faults(
    known: Mapping[str, Parameter],
    given: Mapping[str, Any],
    *,
    set_elsewhere: Mapping[str, str] | None = None,
    may_be_missing: Collection[str] = (),
) -> list[str]:
    """Return what is wrong with the options a person gives to a plugin, a line each: unknown, missing, another type.

    Values are checked where the annotation says plainly what they are: numbers, text, truth, paths (given as text),
    arrays, a choice (``Literal``), a list of these, or one of several.

    Args:
        known: The plugin's own arguments, from its signature.
        given: Options by name.
        set_elsewhere: Arguments that nobody sets by hand, with what sets them.
        may_be_missing: Arguments without a default that are filled in later.
    """
    faults = []
    for option, value in given.items():
        if set_elsewhere and option in set_elsewhere:
            faults.append(f"{option}: set by {set_elsewhere[option]}, not by hand")
        elif option not in known:
            faults.append(f"{option}: unknown option{suggest(option, known)}")
        elif not _fits(value, known[option].annotation):
            faults.append(f"{option}: expected {describe_annotation(known[option].annotation)}, found {value!r}")
    for option, parameter in known.items():
        if parameter.default is Parameter.empty and option not in {*given, *may_be_missing}:
            faults.append(f"{option}: missing, expected {describe_annotation(parameter.annotation)}")
    return faults


def _fits(value: object, wanted: Any) -> bool:
    """Return whether a value is what an annotation says; a whole number is a number, but True is not."""
    origin, inner = get_origin(wanted), get_args(wanted)
    if origin is Literal:
        return any(value == each and type(value) is type(each) for each in inner)
    if origin in (Union, types.UnionType):
        return any(_fits(value, each) for each in inner)
    if origin in _LISTS:
        return isinstance(value, list | tuple) and all(_fits(each, inner[0]) for each in value)
    if wanted in (None, types.NoneType):
        return value is None
    if wanted in (int, float) and isinstance(value, bool):
        return False
    return isinstance(value, _PLAIN[wanted].classes) if wanted in _PLAIN else True


def describe_annotation(wanted: Any) -> str:
    """Return what an argument takes, in words.

    Args:
        wanted: Annotation of the argument.

    Example:
        >>> describe_annotation(Literal["drop", "refuse"] | None), describe_annotation(tuple[int, ...])
        ("'drop' or 'refuse'", 'a list of whole numbers')
    """
    origin, inner = get_origin(wanted), get_args(wanted)
    if origin is Literal:
        return " or ".join(map(repr, inner))
    if origin in (Union, types.UnionType):
        return " or ".join(describe_annotation(each) for each in inner if each is not types.NoneType)
    if origin in _LISTS:
        return f"a list of {_PLAIN[inner[0]].many if inner[0] in _PLAIN else describe_annotation(inner[0])}"
    return _PLAIN[wanted].one if wanted in _PLAIN else str(getattr(wanted, "__name__", wanted))


class _Plain(NamedTuple):
    """What an annotation means to the person who gives a value: its classes, and words for one such value and many."""

    classes: tuple[type, ...]
    one: str
    many: str


_PLAIN: dict[Any, _Plain] = {
    int: _Plain((int, np.integer), "a whole number", "whole numbers"),
    float: _Plain((int, float, np.integer, np.floating), "a number", "numbers"),
    str: _Plain((str,), "text", "texts"),
    bool: _Plain((bool,), "true or false", "true or false"),
    Path: _Plain((str, Path), "a path", "paths"),
    np.ndarray: _Plain((np.ndarray,), "an array, which fitting fills in", "arrays"),
}
_LISTS = (tuple, list, Sequence)
"""What lists are annotated as; a person may give any of them as a list."""
