import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mien.errors import MienError
from mien.registry import Registry


def test_a_taken_name_names_both_modules() -> None:
    registry: Registry[object, None] = Registry("thing", package="json")
    registry.register("one", card=None)(test_a_taken_name_names_both_modules)
    with pytest.raises(MienError, match=r"thing 'one' is registered twice: in .*test_registry and in pathlib"):
        registry.register("one", card=None)(Path)


def test_get_suggests_the_closest_name() -> None:
    registry: Registry[object, None] = Registry("thing", package="json")
    registry.register("camnet", card=None)(Path)
    with pytest.raises(MienError, match="unknown thing 'cam_net'; did you mean 'camnet'"):
        registry.get("cam_net")


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
