import os
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


def test_nothing_reports_home_and_no_file_is_left_there(tmp_path: Path) -> None:
    code = "import sys, mien; print(len(mien.analyze(sys.argv[1], detector='haar').faces))"
    picture = REPOSITORY / "examples" / "pictures" / "astronaut.png"
    places = {name: str(tmp_path) for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"} | places
    command = [sys.executable, "-c", code, str(picture)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert (ran.stdout, list(tmp_path.rglob("*"))) == ("1\n", [])
