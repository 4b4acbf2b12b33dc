import platform

from mien.benchmarks.machine import describe_machine


def test_the_machine_is_named_with_cores_and_versions() -> None:
    line = describe_machine()
    assert "cores" in line
    assert f"Python {platform.python_version()}" in line
    assert "onnxruntime" in line
    assert "\n" not in line
