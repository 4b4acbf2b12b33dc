from pathlib import Path

import pytest

from tests.tiny_model import write_tiny_model


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file of one layer."""
    return write_tiny_model(tmp_path_factory.mktemp("model") / "tiny.onnx")
