from pathlib import Path

import pytest

from mien import places
from mien.places import cache_folder, weights_folder


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"MIEN_WEIGHTS": "/data/w", "MIEN_CACHE": "/fast"}, "/data/w"),
        ("linux", {"MIEN_CACHE": "/fast"}, "/fast/weights"),
        ("linux", {"XDG_CACHE_HOME": "/c"}, "/c/mien/weights"),
        ("linux", {"HOME": "/home/me"}, "/home/me/.cache/mien/weights"),
        ("darwin", {"HOME": "/home/me"}, "/home/me/.cache/mien/weights"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/mien/weights"),
        ("win32", {"HOME": "/home/me"}, "/home/me/AppData/Local/mien/weights"),
    ],
)
def test_weights_folder(
    monkeypatch: pytest.MonkeyPatch, platform: str, variables: dict[str, str], expected: str
) -> None:
    for name in ("MIEN_CACHE", "MIEN_WEIGHTS", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(places.sys, "platform", platform)
    assert weights_folder() == Path(expected)


def test_cache_folder_is_the_users_unless_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/c")
    monkeypatch.setenv("MIEN_CACHE", "~/fast")
    assert cache_folder() == Path.home() / "fast"
    monkeypatch.delenv("MIEN_CACHE")
    assert cache_folder() == Path("/c/mien")
