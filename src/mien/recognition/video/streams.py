"""Streams that give frames at their own pace: a camera, or a file that is played."""

import threading
import time
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from mien.errors import VideoError
from mien.recognition.silencing import silencing_opencv
from mien.recognition.video.reading import Frame, VideoReader

LONGEST_SILENCE_S = 3.0
"""A camera that gives no frame for so long, in seconds, counts as gone."""

_POLL_S = 0.05


class LiveStream(Protocol):
    """Gives frames at their own pace; one thread reads and closes it."""

    name: str

    @property
    def frames_per_second(self) -> float | None:
        """Return the rate at which frames come; none where it does not tell."""
        ...

    @property
    def note(self) -> str:
        """Return one line if it ended before its time, else nothing."""
        ...

    def read(self) -> Frame | None:
        """Wait for the next frame and return it; none at the end, and soon after ``stop``.

        Raises:
            VideoError: If no frame comes although there should be one.
        """
        ...

    def stop(self) -> None:
        """Let ``read`` return soon; any thread may call it."""
        ...

    def close(self) -> None:
        """Let go of the camera or the file."""
        ...


class Camera:
    """A camera of this machine; its frames' times begin with the first at 0.

    Args:
        index: Its number; the first is 0.
        size_wh: Width and height asked for in pixels; the camera gives what it can. None takes its own.

    Raises:
        VideoError: If there is no such camera.
    """

    note = ""

    def __init__(self, index: int = 0, *, size_wh: tuple[int, int] | None = None) -> None:
        self.name = f"camera {index}"
        self._capture = _open_camera(index)
        if size_wh is not None:
            self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, size_wh[0])
            self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, size_wh[1])
        rate = float(self._capture.get(cv2.CAP_PROP_FPS))
        self.frames_per_second = rate if np.isfinite(rate) and 0 < rate <= 1000 else None
        self._num_read, self._began_s = 0, 0.0
        self._stopped = threading.Event()

    def read(self) -> Frame | None:
        """Wait for the next frame and return it; it never ends by itself.

        Raises:
            VideoError: If none comes for some seconds.
        """
        since_s = time.monotonic()
        while not self._stopped.is_set():
            with silencing_opencv():
                is_read, frame_bgr = self._capture.read()
            now_s = time.monotonic()
            if is_read:
                self._began_s = self._began_s or now_s
                self._num_read += 1
                image_rgb = cv2.cvtColor(frame_bgr, cv2.COLOR_BGR2RGB)
                return Frame(self._num_read - 1, now_s - self._began_s, image_rgb)
            if now_s - since_s >= LONGEST_SILENCE_S:
                raise VideoError(self._say_it_is_gone(), status="no_frames")
            self._stopped.wait(_POLL_S)
        return None

    def stop(self) -> None:
        """Let ``read`` return soon; any thread may call it."""
        self._stopped.set()

    def close(self) -> None:
        """Let go of the camera."""
        self._capture.release()

    def _say_it_is_gone(self) -> str:
        if not self._num_read:
            return f"{self.name}: gives no frame; another program may be using it"
        return f"{self.name}: gave no further frame after {self._num_read}; is it unplugged?"


class PlayedFile:
    """A video file played at its own pace; where it cannot be decoded so quickly, it is slower.

    Args:
        path: The video.

    Raises:
        VideoError: If the file is missing, empty or no video.
    """

    def __init__(self, path: Path | str) -> None:
        self.name = str(path)
        self._reader = VideoReader(path)
        self.frames_per_second = self._reader.info.frames_per_second
        self._frames = iter(self._reader)
        self._began_s: float | None = None
        self._stopped = threading.Event()

    @property
    def note(self) -> str:
        """Return one line if the file ended before its time, else nothing; known at the end."""
        return self._reader.note

    def read(self) -> Frame | None:
        """Wait until the next frame is due and return it; none at the end.

        Raises:
            VideoError: If there is no frame at all.
        """
        frame = next(self._frames, None)
        if frame is None:
            return None
        now_s = time.monotonic()
        if self._began_s is None:
            self._began_s = now_s - frame.time_s
        is_stopped = self._stopped.wait(max(0.0, self._began_s + frame.time_s - now_s))
        return None if is_stopped else frame

    def stop(self) -> None:
        """Let ``read`` return soon; any thread may call it."""
        self._stopped.set()

    def close(self) -> None:
        """Let go of the file."""
        self._reader.close()


def _open_camera(index: int) -> cv2.VideoCapture:
    with silencing_opencv():
        capture = cv2.VideoCapture(index)
    if not capture.isOpened():
        capture.release()
        raise VideoError(
            f"camera {index}: there is none; name another number, or play a file with --source FILE", status="missing"
        )
    return capture
