import os

import pytest

from mien.app.terminal import ProgressLine, create_console, silencing_native_libraries


def test_create_console_folds_nothing_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    create_console().print("word " * 300)
    assert capsys.readouterr().out.strip().count("\n") == 0


def test_silencing_native_libraries_drops_lines_inside_the_block_only(capfd: pytest.CaptureFixture[str]) -> None:
    os.write(2, b"before\n")
    with silencing_native_libraries():
        os.write(2, b"inside\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "before\nafter\n"


def test_silencing_native_libraries_ends_with_an_error_too(capfd: pytest.CaptureFixture[str]) -> None:
    def fail_inside() -> None:
        with silencing_native_libraries():
            raise ValueError("a defect")

    with pytest.raises(ValueError, match="a defect"):
        fail_inside()
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


@pytest.mark.parametrize(
    ("total", "is_terminal", "is_shown", "expected"),
    [
        (9, True, True, "\r\x1b[K1 of 9 pictures\r\x1b[K"),
        (9, False, True, ""),
        (9, True, False, ""),
        (1, True, True, ""),
    ],
    ids=["terminal", "file", "not wanted", "one"],
)
def test_progress_line_is_for_terminals(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    total: int,
    is_terminal: bool,
    is_shown: bool,
    expected: str,
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: is_terminal)
    line = ProgressLine(total, noun="pictures", is_shown=is_shown)
    line.show(1)
    line.show(2)
    line.clear()
    assert capsys.readouterr().err == expected
