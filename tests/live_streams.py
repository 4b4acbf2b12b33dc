"""Live streams made up for tests: frames come when they are told to, and cameras without a device."""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from mien.recognition.video.reading import Frame

PATIENCE_S = 20.0


class FakeStream:
    """Gives pictures as frames at 10 frames/s, each as soon as it is released; then it ends, or breaks."""

    name = "camera 0"
    frames_per_second: float | None = 10.0

    def __init__(self, images: Sequence[np.ndarray], *, released: int = 10_000, fault: Exception | None = None) -> None:
        self.images, self.fault = images, fault
        self.note = ""
        self.closed_by: list[str] = []
        self._permits = threading.Semaphore(released)
        self._is_stopped = False
        self._num_read = 0

    def release(self, num_frames: int = 1) -> None:
        """Let further frames come; one more than there are lets the end come."""
        self._permits.release(num_frames)

    def read(self) -> Frame | None:
        self._permits.acquire(timeout=PATIENCE_S)
        number = self._num_read
        if self._is_stopped:
            return None
        if number == len(self.images):
            if self.fault is not None:
                raise self.fault
            return None
        self._num_read += 1
        return Frame(number, number / 10, self.images[number])

    def stop(self) -> None:
        self._is_stopped = True
        self._permits.release()

    def close(self) -> None:
        self.closed_by.append(threading.current_thread().name)


class FakeCapture:
    """What `cv2.VideoCapture` is for a camera; None among the frames is a read that fails, and all after the last."""

    def __init__(self, frames: Sequence[np.ndarray | None], *, is_there: bool = True, rate: float = 30.0) -> None:
        self.frames, self.is_there, self.rate = list(frames), is_there, rate
        self.asked: dict[int, float] = {}
        self.is_released = False

    def isOpened(self) -> bool:  # noqa: N802
        return self.is_there

    def set(self, what: int, value: float) -> bool:
        self.asked[what] = value
        return True

    def get(self, what: int) -> float:
        return self.rate

    def read(self) -> tuple[bool, np.ndarray | None]:
        frame = self.frames.pop(0) if self.frames else None
        return frame is not None, frame

    def release(self) -> None:
        self.is_released = True


def make_images(num_images: int, size_hw: tuple[int, int] = (48, 64)) -> list[np.ndarray]:
    """Return pictures of 25 shades, ten levels apart, one after the other."""
    return [np.full((*size_hw, 3), 10 * (number % 25), dtype=np.uint8) for number in range(num_images)]


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so; it must not take long."""
    until_s = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < until_s
        time.sleep(0.002)


def live_threads() -> list[str]:
    """Return the names of mien's threads that run."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("mien")]


def open_files() -> set[str]:
    """Return the files that this process holds open, where the system tells."""
    folder = Path("/proc/self/fd")
    return {str(each.readlink()) for each in folder.iterdir() if each.is_symlink()} if folder.is_dir() else set()
