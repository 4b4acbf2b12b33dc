import re
import tomllib
from pathlib import Path

import pytest

from mien.app.extras import EXTRA_OF_PACKAGE, explain_missing_module

PROJECT = tomllib.loads((Path(__file__).resolve().parents[3] / "pyproject.toml").read_text())["project"]
IMPORT_NAMES = {
    "scikit-learn": "sklearn",
    "scikit-image": "skimage",
    "pygame-ce": "pygame",
    "python-multipart": "multipart",
    "prometheus-client": "prometheus_client",
    "imbalanced-learn": "imblearn",
}


@pytest.mark.parametrize("extra", [extra for extra in PROJECT["optional-dependencies"] if extra != "dev"])
def test_every_package_of_an_extra_is_known(extra: str) -> None:
    packages = [re.split(r"[^\w-]", wanted)[0] for wanted in PROJECT["optional-dependencies"][extra]]
    known = {package: EXTRA_OF_PACKAGE.get(IMPORT_NAMES.get(package, package)) for package in packages}
    assert set(known.values()) <= set(PROJECT["optional-dependencies"])
    assert None not in known.values(), f"mien.app.extras lacks {[name for name in known if known[name] is None]}"


def test_explain_missing_module_names_the_pip_command() -> None:
    explained = explain_missing_module(ModuleNotFoundError("No module named 'torch.nn'", name="torch.nn"))
    assert str(explained) == "this needs the package 'torch'; install it with: pip install 'mien[train]'"


def test_a_package_that_another_of_an_extra_brings_is_explained_too() -> None:
    explained = explain_missing_module(ModuleNotFoundError("x", name="scipy.sparse"))
    assert str(explained) == "this needs the package 'scipy'; install it with: pip install 'mien[train]'"


@pytest.mark.parametrize("name", [None, "mien.app.gone", "cv2"])
def test_explain_missing_module_leaves_other_modules(name: str | None) -> None:
    assert explain_missing_module(ModuleNotFoundError("x", name=name)) is None
