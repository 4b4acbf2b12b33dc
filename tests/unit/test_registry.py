import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from inspect import signature
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from mien.errors import MienError
from mien.registry import Registry, find_argument_faults


def test_a_taken_name_names_both_modules() -> None:
    registry: Registry[object, None] = Registry("thing", package="json")
    registry.register("one", card=None)(test_a_taken_name_names_both_modules)
    with pytest.raises(MienError, match=r"thing 'one' is registered twice: in .*test_registry and in pathlib"):
        registry.register("one", card=None)(Path)


@pytest.mark.parametrize(
    ("name", "aliases", "taken"),
    [("two", ("one",), "one"), ("first", (), "first"), ("two", ("three", "first"), "first")],
)
def test_a_taken_alias_names_both_modules_and_enters_nothing(name: str, aliases: tuple[str, ...], taken: str) -> None:
    registry: Registry[object, None] = Registry("thing", package="json")
    registry.register("one", card=None, aliases=("first",))(test_get_suggests_the_closest_name)
    with pytest.raises(MienError, match=rf"thing '{taken}' is registered twice: in .*test_registry and in pathlib"):
        registry.register(name, card=None, aliases=aliases)(Path)
    assert registry.names() == ["one"]
    with pytest.raises(MienError, match="unknown thing 'three'"):
        registry.get("three")


def test_an_alias_finds_the_entry_and_is_no_name_of_its_own() -> None:
    registry: Registry[object, None] = Registry("thing", package="json")
    registry.register("one", card=None, aliases=("first", "primus"))(Path)
    assert registry.get("first") is registry.get("primus") is registry.get("one")
    assert registry.get("first").aliases == ("first", "primus")
    assert registry.names() == ["one"]
    assert [entry.name for entry in registry] == ["one"]


@pytest.mark.parametrize(("asked", "suggested"), [("cam_net", "camnet"), ("convolutional_attention", "attentional")])
def test_get_suggests_the_closest_name(asked: str, suggested: str) -> None:
    registry: Registry[object, None] = Registry("thing", package="json")
    registry.register("camnet", card=None, aliases=("attentional",))(Path)
    with pytest.raises(MienError, match=f"unknown thing '{asked}'; did you mean '{suggested}'"):
        registry.get(asked)


def test_a_dropped_in_file_is_found_by_scanning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "dropped_plugins"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from mien.registry import Registry\nTHINGS = Registry('thing', package='dropped_plugins')\n"
    )
    (package / "one.py").write_text(
        "from dropped_plugins import THINGS\n\n@THINGS.register('one', card=1)\ndef one(): return 'made'\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    import dropped_plugins

    assert dropped_plugins.THINGS.names() == ["one"]
    assert len(dropped_plugins.THINGS) == 1
    assert [entry.plugin() for entry in dropped_plugins.THINGS] == ["made"]
    for name in [name for name in sys.modules if name.startswith("dropped_plugins")]:
        del sys.modules[name]


def test_threads_that_come_while_plugins_are_imported_see_them_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "slow_plugins"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from mien.registry import Registry\nTHINGS = Registry('thing', package='slow_plugins')\n"
    )
    (package / "one.py").write_text(
        "import time\nfrom slow_plugins import THINGS\ntime.sleep(0.3)\nTHINGS.register('one', card=1)(time.sleep)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    import slow_plugins

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: slow_plugins.THINGS.get("one").name, range(4)))
    assert found == ["one"] * 4
    for name in [name for name in sys.modules if name.startswith("slow_plugins")]:
        del sys.modules[name]


def test_a_name_is_in_it_or_not() -> None:
    registry: Registry[object, None] = Registry("thing", package="json")
    registry.register("one", card=None)(Path)
    assert "one" in registry
    assert "two" not in registry


def _plugin(
    *,
    width: int = 1,
    rate: float = 0.5,
    is_on: bool = True,
    mode: Literal["drop", "refuse"] = "drop",
    place: Path | None = None,
    sides: Literal["left", "right"] | tuple[Literal["left", "right"], ...] = ("left",),
    word: str = "",
    size_hw: Sequence[int] = (),
    mean: np.ndarray | None = None,
    anything: object = None,
) -> None:
    """A plugin with one argument of each kind."""


@pytest.mark.parametrize(
    ("option", "value", "fault"),
    [
        ("width", 3, ""),
        ("width", True, "width: expected a whole number, found True"),
        ("width", 3.5, "width: expected a whole number, found 3.5"),
        ("width", np.int64(3), ""),
        ("width", 1.0, "width: expected a whole number, found 1.0"),
        ("rate", 1, ""),
        ("rate", np.float32(0.5), ""),
        ("rate", "x", "rate: expected a number, found 'x'"),
        ("rate", True, "rate: expected a number, found True"),
        ("word", 3, "word: expected text, found 3"),
        ("is_on", 1, "is_on: expected true or false, found 1"),
        ("mode", "refuse", ""),
        ("mode", "keep", "mode: expected 'drop' or 'refuse', found 'keep'"),
        ("place", "some/where", ""),
        ("place", None, ""),
        ("place", 3, "place: expected a path, found 3"),
        ("sides", "left", ""),
        ("sides", ["left", "right"], ""),
        ("sides", ["up"], "sides: expected 'left' or 'right' or a list of 'left' or 'right', found ['up']"),
        ("size_hw", (1, 2), ""),
        ("size_hw", 48, "size_hw: expected a list of whole numbers, found 48"),
        ("size_hw", [1.5, 2], "size_hw: expected a list of whole numbers, found [1.5, 2]"),
        ("size_hw", "48", "size_hw: expected a list of whole numbers, found '48'"),
        ("mean", np.zeros(2), ""),
        ("mean", [0.5], "mean: expected an array, which fitting fills in, found [0.5]"),
        ("anything", 3, ""),
        ("widht", 3, "widht: unknown option; did you mean 'width'?"),
        ("num_classes", 3, "num_classes: set by the data set, not by hand"),
    ],
)
def test_find_argument_faults(option: str, value: object, fault: str) -> None:
    known = signature(_plugin).parameters
    found = find_argument_faults(known, {option: value}, set_elsewhere={"num_classes": "the data set"})
    assert found == ([fault] if fault else [])


def test_find_argument_faults_names_what_is_missing_beside_the_rest() -> None:
    def plugin(*, size_hw: Sequence[int], mean: Any, low: float = 0.0) -> None: ...

    known = signature(plugin).parameters
    faults = ["size: unknown option; did you mean 'size_hw'?", "size_hw: missing, expected a list of whole numbers"]
    assert find_argument_faults(known, {"size": [1, 2], "mean": 3}) == faults
    assert find_argument_faults(known, {"size_hw": [1, 2], "mean": 3}) == []
    assert find_argument_faults(known, {"size_hw": [1, 2]}, may_be_missing=["mean"]) == []
