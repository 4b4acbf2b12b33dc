from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.app.cli.conftest import Ran


@pytest.mark.parametrize(("content", "state"), [(None, "no"), (b"something", "another file")])
def test_list_says_what_is_there(
    content: bytes | None, state: str, run: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_WEIGHTS", str(tmp_path))
    if content is not None:
        (tmp_path / "yunet_n_640_640.onnx").write_bytes(content)
    done = run("weights", "list")
    assert (done.code, done.err) == (0, "")
    (row,) = [line for line in done.out.splitlines() if line.strip().startswith("yunet")]
    cells = [cell.strip() for cell in row.split("  ") if cell.strip()]
    assert cells[:5] == ["yunet", "detector 'yunet'", "0.3 MB", "Apache-2.0", state]
    assert cells[5].startswith("https://github.com/ShiqiYu/")
    assert f"folder: {tmp_path}" in done.out
