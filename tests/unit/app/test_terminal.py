import pytest

from mien.app.terminal import ProgressLine, create_console


def test_create_console_folds_nothing_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    create_console().print("word " * 300)
    assert capsys.readouterr().out.strip().count("\n") == 0


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


@pytest.mark.parametrize(
    ("total", "passed_s", "number", "expected"),
    [
        (100, 2.0, 50, "50 of 100 frames"),
        (100, 60.0, 25, "25 of 100 frames, 3:00 left"),
        (100, 4.0, 1, "1 of 100 frames, 6:36 left"),
        (100, 60.0, 100, "100 of 100 frames"),
        (100, 60.0, 120, "120 of 120 frames"),
        (None, 60.0, 25, "25 frames"),
    ],
    ids=["too early", "minutes", "first", "last", "more than was said", "nobody knows how many"],
)
def test_progress_line_tells_how_long_the_rest_takes(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    total: int | None,
    passed_s: float,
    number: int,
    expected: str,
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    now = [1000.0]
    monkeypatch.setattr("mien.app.terminal.time.monotonic", lambda: now[0])
    line = ProgressLine(total, noun="frames")
    now[0] += passed_s
    line.show(number)
    assert capsys.readouterr().err == f"\r\x1b[K{expected}"
