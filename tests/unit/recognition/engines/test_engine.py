from pathlib import Path

from mien.recognition.engines.engine import cannot_be_loaded
from mien.recognition.model_file import load_model_file


def test_cannot_be_loaded_takes_the_first_line_of_the_reason(tiny_model: Path) -> None:
    fault = cannot_be_loaded(load_model_file(tiny_model), RuntimeError("no such operator\nat line 7"))
    assert str(fault) == f"{tiny_model}: the network cannot be loaded (no such operator)"


def test_cannot_be_loaded_names_a_fault_without_a_reason(tiny_model: Path) -> None:
    fault = cannot_be_loaded(load_model_file(tiny_model), MemoryError())
    assert str(fault).endswith("the network cannot be loaded (MemoryError)")
