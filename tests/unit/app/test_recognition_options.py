from pathlib import Path

import pytest

from mien.app.recognition_options import advise_on_detector
from mien.recognition.analyzer import Analyzer

ADVICE = "note: faces are found by haar; yunet finds more; to have it used: mien weights pull yunet\n"


@pytest.mark.parametrize(
    ("asked_for", "is_terminal", "said"),
    [("auto", True, ADVICE), ("auto", False, ""), ("haar", True, "")],
    ids=["terminal", "pipe", "named"],
)
def test_advice_on_the_detector_is_given_in_a_terminal_where_none_was_named(
    tiny_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    capsys: pytest.CaptureFixture[str],
    asked_for: str,
    is_terminal: bool,
    said: str,
) -> None:
    monkeypatch.setenv("MIEN_WEIGHTS", str(tmp_path))
    monkeypatch.setattr("sys.stderr.isatty", lambda: is_terminal)
    advise_on_detector(Analyzer(tiny_model, asked_for), asked_for=asked_for)
    assert capsys.readouterr().err == said
