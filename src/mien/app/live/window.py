"""A window through pygame (``mien[live]``); OpenCV's headless build opens none."""

import os
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np

from mien.errors import MienError, MissingExtraError
from mien.recognition.silencing import silencing_native_libraries

KEYS: dict[str, str] = {"q": "quit", "escape": "quit", "s": "snapshot", "r": "record"}
"""What keys do."""

_NO_SCREENS = ("offscreen", "dummy")
"""Drivers that SDL takes where there is no screen; who wants one names it."""


class Window:
    """A window that shows frames and tells which keys were pressed.

    Args:
        title: Its title.

    Raises:
        MissingExtraError: If pygame is not installed.
        MienError: If this machine has no screen.
    """

    def __init__(self, title: str) -> None:
        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
        try:
            import pygame
        except ModuleNotFoundError as error:
            raise MissingExtraError("pygame", extra="live") from error
        self._pygame: Any = pygame
        self._title = title
        self._screen: Any = None
        try:
            with silencing_native_libraries():  # SDL tries one driver after the other
                pygame.display.init()
        except pygame.error as error:
            raise _no_screen(str(error)) from error
        driver = pygame.display.get_driver()
        if driver in _NO_SCREENS and driver not in os.environ.get("SDL_VIDEODRIVER", ""):
            self.close()
            raise _no_screen("no screen")
        self._desktop_wh = min(pygame.display.get_desktop_sizes())

    def show(self, image_rgb: np.ndarray) -> None:
        """Show a frame; the window takes its size, or as much of it as the screen has room for.

        Args:
            image_rgb: Shape ``(H, W, 3)``, uint8, RGB.
        """
        height, width = image_rgb.shape[:2]
        scale = min(1.0, self._desktop_wh[0] / width, self._desktop_wh[1] / height)
        size_wh = (max(1, int(width * scale)), max(1, int(height * scale)))
        if scale < 1:
            image_rgb = cv2.resize(image_rgb, size_wh, interpolation=cv2.INTER_AREA)
        if self._screen is None or self._screen.get_size() != size_wh:
            self._screen = self._pygame.display.set_mode(size_wh)
            self._pygame.display.set_caption(self._title)
        shown = self._pygame.image.frombuffer(np.ascontiguousarray(image_rgb).data, size_wh, "RGB")
        self._screen.blit(shown, (0, 0))
        self._pygame.display.flip()

    def commands(self) -> Iterator[str]:
        """Yield what was asked for since the last call: ``quit``, ``snapshot`` or ``record``."""
        for event in self._pygame.event.get():
            if event.type == self._pygame.QUIT:
                yield "quit"
            elif event.type == self._pygame.KEYDOWN:
                command = KEYS.get(self._pygame.key.name(event.key))
                if command is not None:
                    yield command

    def close(self) -> None:
        """Close the window; it may be called twice."""
        self._pygame.display.quit()


def _no_screen(why: str) -> MienError:
    return MienError(f"no window can be opened here ({why}); print with --json or --csv, or record with --record FILE")
