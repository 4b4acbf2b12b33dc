from collections.abc import Callable

from mien.data.steps import list_operations
from tests.unit.app.cli.conftest import Ran


def test_steps_lists_every_operation_with_its_arguments(run: Callable[..., Ran]) -> None:
    done = run("data", "steps")
    assert done.code == 0
    for each in list_operations():
        assert f" {each.name} " in done.out
    assert "size_hw=... filter=bilinear" in done.out
    assert "resize:size_hw=[48,48],filter=lanczos" in done.out
