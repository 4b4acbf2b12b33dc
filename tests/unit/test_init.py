import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import mien

REPOSITORY = Path(__file__).resolve().parents[2]


def run_python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_version_is_the_packages() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert mien.__version__ == project["version"]


@pytest.mark.parametrize("name", [name for name in mien.__all__ if name != "__version__"])
def test_public_names_come_when_asked_for(name: str) -> None:
    assert getattr(mien, name).__name__ == name
    assert name in dir(mien)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'mien' has no attribute 'analyse'"):
        mien.analyse  # noqa: B018


def test_import_brings_nothing_heavy() -> None:
    code = "import mien, sys; print([name for name in ('numpy', 'cv2', 'onnxruntime', 'PIL') if name in sys.modules])"
    assert run_python(code) == "[]"
