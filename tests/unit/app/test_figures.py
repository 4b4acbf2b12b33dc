import pytest

from mien.app.figures import print_notes


def test_notes_are_wrapped_and_equal_ones_stand_once(capsys: pytest.CaptureFixture[str]) -> None:
    print_notes(
        {"a": ("as told", "https://x.org/a-b"), "b": ("of its own",), "c": ("as told", "https://x.org/a-b")}, width=12
    )
    assert capsys.readouterr().out.splitlines() == [
        "a, c",
        "    as told",
        "    https://x.org/a-b",
        "b",
        "    of its",
        "    own",
    ]
