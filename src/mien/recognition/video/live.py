"""Live recognition: the newest frame of a camera or a played file, followed and read as it comes.

Only the newest frame waits; those that come meanwhile are counted as dropped, never queued up.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from mien.recognition.analyzer import DEFAULT_MODEL, Analyzer
from mien.recognition.default_detector import AUTO
from mien.recognition.results import Recognition
from mien.recognition.video.analysis import FollowSettings, follow_frames
from mien.recognition.video.reading import Frame
from mien.recognition.video.streams import Camera, LiveStream, PlayedFile

SEARCHED_SIDE = 320
"""Longer side of the frame in which a live view looks for faces if nothing else is asked for, in pixels."""

_POLL_S = 0.05
_LONGEST_FAREWELL_S = 5.0  # a driver may hang


class LiveAnalysis:
    """The results of a live stream, always of its newest frame; a context manager that ends its thread and the stream.

    Args:
        analyzer: What finds and reads faces; for a face or two a network of one thread is the quickest.
        stream: Camera or file; closed in the end.
        follow: How faces are followed.
        on_wait: Called every twentieth of a second while no frame comes; it may call ``stop``, or raise.

    Attributes:
        num_taken: Frames that were worked on.
        num_dropped: Frames that came while another was worked on, and were passed over.
        arrived_s: When the frame of the last result came, by ``time.monotonic``.
        fault: What the stream raised, or none.
    """

    def __init__(
        self,
        analyzer: Analyzer,
        stream: LiveStream,
        *,
        follow: FollowSettings | None = None,
        on_wait: Callable[[], None] = lambda: None,
    ) -> None:
        self._analyzer, self.stream, self._on_wait = analyzer, stream, on_wait
        self._follow = follow or FollowSettings(search_side=SEARCHED_SIDE)
        self.num_taken = self.num_dropped = 0
        self.arrived_s = 0.0
        self.fault: BaseException | None = None
        self._waiting: tuple[Frame, float] | None = None
        self._is_over = self._is_stopped = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def stop(self) -> None:
        """End after the result at hand."""
        self._is_stopped = True
        self.stream.stop()

    def close(self) -> None:
        """Stop reading and let go of the stream; it may be called twice."""
        self.stop()
        if self._thread is None:
            self.stream.close()
        else:  # the thread that reads closes the stream: another one must not while it reads
            self._thread.join(_LONGEST_FAREWELL_S)

    @property
    def latency_ms(self) -> float:
        """Return how long ago the frame of the last result came, in milliseconds."""
        return 1000 * (time.monotonic() - self.arrived_s)

    def __iter__(self) -> Iterator[Recognition]:
        """Yield the result of the newest frame, with its picture, whenever the last one is done with; once.

        Raises:
            VideoError: If the stream breaks, after the results that came before.
        """
        with self:
            yield from follow_frames(
                self._analyzer, self._frames(), source=self.stream.name, follow=self._follow, batch_frames=1
            )

    def _frames(self) -> Iterator[Frame]:
        if not self._is_stopped:
            self._thread = threading.Thread(target=self._read, name="mien-live", daemon=True)
            self._thread.start()
        while (frame := self._take()) is not None:
            yield frame
        if self.fault is not None:
            raise self.fault

    def _take(self) -> Frame | None:
        """Wait for a frame and return it; none at the end and after ``stop``."""
        while not self._is_stopped:
            with self._changed:
                if self._waiting is None and not self._is_over:
                    self._changed.wait(_POLL_S)
                (taken, self._waiting), is_over = (self._waiting, None), self._is_over
            if taken is not None:
                frame, self.arrived_s = taken
                self.num_taken += 1
                return frame
            if is_over:
                return None
            self._on_wait()
        return None

    def _read(self) -> None:
        try:
            while not self._is_stopped and (frame := self.stream.read()) is not None:
                with self._changed:
                    self.num_dropped += self._waiting is not None
                    self._waiting = frame, time.monotonic()
                    self._changed.notify()
        except BaseException as fault:
            self.fault = fault
        finally:
            self.stream.close()
            with self._changed:
                self._is_over = True
                self._changed.notify()


class Latencies:
    """How long frames took; any number of them takes the same memory."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()  # by tenths of a millisecond

    def add(self, latency_ms: float) -> None:
        """Take the latency of the next frame.

        Args:
            latency_ms: From its arrival until it was done, in milliseconds; a minute at most is told apart.
        """
        self._counts[min(round(10 * latency_ms), 600_000)] += 1

    def percentile(self, percent: float) -> float:
        """Return the latency that so many of 100 frames do not exceed, in milliseconds; 0 without a frame.

        Args:
            percent: 0 to 100; 50 gives the median.
        """
        left = percent / 100 * self._counts.total()
        for tenths in sorted(self._counts):
            left -= self._counts[tenths]
            if left <= 0:
                return tenths / 10
        return 0.0


def watch(
    source: int | Path | str = 0,
    *,
    size_wh: tuple[int, int] | None = None,
    model: str | Path = DEFAULT_MODEL,
    detector: str = AUTO,
    detector_model: Path | str | None = None,
    detect_every: int = 1,
    smoothing: str = "exponential",
    search_side: int = SEARCHED_SIDE,
) -> LiveAnalysis:
    """Return the live analysis of a camera, to be iterated once: the result of its newest frame, with its picture.

    ``with`` lets go of the camera where one stops before the end.

    Args:
        source: Number of the camera, or a video to play at its own pace.
        size_wh: Width and height asked of the camera in pixels; it gives what it can.
        model: Name of a shipped model, or path of a model file.
        detector: Name of a face detector, or ``auto``, as for ``analyze``.
        detector_model: Model file of the detector, for one that needs it.
        detect_every: Of so many frames, faces are looked for in one and followed through the others.
        smoothing: ``exponential``, ``markov`` or ``none``.
        search_side: Longer side of the frame in which faces are looked for, in pixels.

    Raises:
        VideoError: If there is no such camera, or the file is missing, empty or no video; while it is iterated, if no
            frame comes or no further one.
        ModelFileError: If the model is unknown, damaged, or has no crop margin for the detector.
        MienError: If the detector or the smoothing is unknown, or the detector's file is missing.
        ValueError: If a number is out of range.
    """
    follow = FollowSettings(detect_every, smoothing, search_side)
    analyzer = Analyzer(model, detector, detector_model=detector_model, threads=1)
    stream = Camera(source, size_wh=size_wh) if isinstance(source, int) else PlayedFile(source)
    return LiveAnalysis(analyzer, stream, follow=follow)
