import os
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from mien.app.live.window import Window
from mien.errors import MienError, MissingExtraError

FRAME = np.zeros((48, 64, 3), dtype=np.uint8)
FRAME[10, 20] = (250, 100, 50)


@pytest.fixture
def pygame(monkeypatch: pytest.MonkeyPatch) -> Any:
    """pygame with a screen that nobody sees."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setenv("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    return pytest.importorskip("pygame", reason="pygame is not here (mien[live])")


@pytest.fixture
def window(pygame: Any) -> Iterator[Window]:
    window = Window("a title")
    yield window
    window.close()


def press(pygame: Any, *keys: int) -> None:
    for key in keys:
        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=key))


def test_window_shows_a_frame_in_its_size_and_colours(pygame: Any, window: Window) -> None:
    window.show(FRAME)
    screen = pygame.display.get_surface()
    assert screen.get_size() == (64, 48)
    assert tuple(screen.get_at((20, 10)))[:3] == (250, 100, 50)
    assert pygame.display.get_caption()[0] == "a title"


def test_window_takes_the_size_of_each_frame(pygame: Any, window: Window) -> None:
    for size_hw in ((48, 64), (96, 128), (96, 128), (30, 40)):
        window.show(np.zeros((*size_hw, 3), dtype=np.uint8))
        assert pygame.display.get_surface().get_size() == size_hw[::-1]


def test_window_is_no_larger_than_the_screen(pygame: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pygame.display, "get_desktop_sizes", lambda: [(1000, 500)])
    window = Window("")
    window.show(np.full((1000, 1000, 3), 70, dtype=np.uint8))
    screen = pygame.display.get_surface()
    assert (screen.get_size(), tuple(screen.get_at((499, 499)))[:3]) == ((500, 500), (70, 70, 70))
    window.close()


def test_window_shows_a_part_of_an_array(pygame: Any, window: Window) -> None:
    window.show(FRAME[5:40, 10:50])
    assert tuple(pygame.display.get_surface().get_at((10, 5)))[:3] == (250, 100, 50)


def test_window_tells_what_keys_ask_for(pygame: Any, window: Window) -> None:
    assert list(window.commands()) == []
    press(pygame, pygame.K_s, pygame.K_x, pygame.K_r, pygame.K_q, pygame.K_ESCAPE)
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    assert list(window.commands()) == ["snapshot", "record", "quit", "quit", "quit"]
    assert list(window.commands()) == []


def test_window_may_be_closed_twice_and_opened_again(pygame: Any, window: Window) -> None:
    window.close()
    window.close()
    assert not pygame.display.get_init()
    again = Window("")
    again.show(FRAME)
    again.close()


@pytest.mark.parametrize("driver", ["offscreen", "dummy"])
def test_window_takes_a_driver_that_shows_nothing_for_no_screen(
    pygame: Any, monkeypatch: pytest.MonkeyPatch, driver: str
) -> None:
    def start() -> None:
        monkeypatch.setenv("SDL_VIDEODRIVER", "x11")

    start_really = pygame.display.init
    monkeypatch.setattr(pygame.display, "init", lambda: (start_really(), start()))
    monkeypatch.setattr(pygame.display, "get_driver", lambda: driver)
    with pytest.raises(MienError) as raised:
        Window("")
    assert str(raised.value) == (
        "no window can be opened here (no screen); print with --json or --csv, or record with --record FILE"
    )
    assert not pygame.display.get_init()


def test_window_that_cannot_be_opened_says_why_and_what_to_do(
    pygame: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        os.write(2, b"error: XDG_RUNTIME_DIR is invalid\n")
        raise pygame.error("No available video device")

    monkeypatch.setattr(pygame.display, "init", fail)
    with pytest.raises(MienError) as raised:
        Window("")
    assert str(raised.value) == (
        "no window can be opened here (No available video device); print with --json or --csv, or record with "
        "--record FILE"
    )
    assert capfd.readouterr().err == ""


def test_window_without_pygame_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygame", None)
    with pytest.raises(MissingExtraError) as raised:
        Window("")
    assert str(raised.value) == "this needs the package 'pygame'; install it with: pip install 'mien[live]'"
