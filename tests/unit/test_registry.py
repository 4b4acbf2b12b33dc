import sys
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
