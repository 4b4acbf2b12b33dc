"""Registries: a plugin is one new file with one decorator, found by scanning its package.

Models, data sets, face detectors and image operations each hold one registry; command line,
documentation and contract tests read it.
"""

import importlib
import pkgutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

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
