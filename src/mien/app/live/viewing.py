"""The loop of the live view: the newest frame is read, drawn, shown and recorded; ``mien webcam`` runs it."""

import math
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mien.app.interrupting import deferring_interrupts
from mien.app.live.recordings import Recordings, find_free
from mien.app.live.window import Window
from mien.app.outputs import Output
from mien.app.terminal import ProgressLine
from mien.errors import MienError, VideoError
from mien.images.writing import write_picture
from mien.recognition.analyzer import Analyzer
from mien.recognition.results import Recognition
from mien.recognition.video.analysis import FollowSettings
from mien.recognition.video.drawing import draw_on_frame
from mien.recognition.video.live import Latencies, LiveAnalysis
from mien.recognition.video.streams import LiveStream

USUAL_RATE = 30.0
"""Frames a second that a recording is made for where the stream does not tell; MP4 keeps the true times."""

_AVERAGED_FRAMES = 30


@dataclass(frozen=True)
class LiveFigures:
    """How a live view went.

    Args:
        num_frames: Frames that were worked on.
        num_dropped: Frames that came meanwhile and were passed over.
        seconds: From the arrival of the first to that of the last.
        median_latency_ms: Median time from a frame's arrival until it was shown, or its result known without a window.
        largest_latency_ms: The longest after the first frame's, for which everything is set up.
        fault: Why the stream broke, or nothing.
    """

    num_frames: int
    num_dropped: int
    seconds: float
    median_latency_ms: float
    largest_latency_ms: float
    fault: str = ""

    def __str__(self) -> str:
        """Return the closing line."""
        frames = "1 frame" if self.num_frames == 1 else f"{self.num_frames} frames"
        rate = f", {(self.num_frames - 1) / self.seconds:.1f} a second" if self.seconds > 0 else ""
        latency = f"{self.median_latency_ms:.0f} ms (median), {self.largest_latency_ms:.0f} ms at most"
        return f"{frames}{rate}, {self.num_dropped} dropped" + (f"; latency {latency}" if self.num_frames else "")


class LiveView:
    """Shows, records and prints what a live stream holds, until it ends or somebody quits.

    Args:
        analyzer: What finds and reads faces.
        stream: Camera or file; closed in the end.
        follow: How faces are followed.
        window: Where frames are shown; none shows nothing.
        record_file: Annotated recording from the beginning on; in a window the key r ends it and begins others.
        folder: Where snapshots go, and recordings without a name.
        progress: Counts frames, and makes room for lines on standard error.
    """

    def __init__(
        self,
        analyzer: Analyzer,
        stream: LiveStream,
        *,
        follow: FollowSettings,
        window: Window | None = None,
        record_file: Path | None = None,
        folder: Path = Path(),
        progress: ProgressLine | None = None,
    ) -> None:
        self._live = LiveAnalysis(analyzer, stream, follow=follow, on_wait=self._look_around)
        self._window, self._folder, self._progress = window, folder, progress
        self._is_recorded_at_once = record_file is not None
        self._recordings = Recordings(record_file, folder=folder)
        self._check_interrupts: Callable[[], None] = lambda: None
        self._first_s, self._limit_s = 0.0, math.inf
        self._latencies, self._largest_ms = Latencies(), 0.0
        self._recent: deque[tuple[float, float]] = deque(maxlen=_AVERAGED_FRAMES)  # arrival, latency
        self._last: Recognition | None = None

    def close(self) -> None:
        """Stop reading and let go of the stream; it may be called twice."""
        self._live.close()

    def run(self, outputs: Sequence[Output] = (), *, limit_s: float | None = None) -> LiveFigures:
        """Run until the stream ends or breaks, the time is over, or somebody quits, and return how it went.

        Ctrl-C quits. What is being recorded is finished whatever happens.

        Args:
            outputs: Where rows go.
            limit_s: End so many seconds after the first frame; none: never.

        Raises:
            VideoError: If no frame comes.
            MienError: If something cannot be written.
        """
        self._limit_s = math.inf if limit_s is None else limit_s
        fault = ""
        with deferring_interrupts() as self._check_interrupts, ExitStack() as stack:
            stack.callback(self.close)
            stack.callback(self._end_recording)
            if self._is_recorded_at_once:
                self._begin_recording()
            try:
                for result in self._live:
                    self._take(result, outputs)
                    self._look_around()
            except KeyboardInterrupt:
                pass
            except VideoError as error:
                if error is not self._live.fault or not self._live.num_taken:
                    raise
                fault = str(error)
        if self._live.stream.note:
            self._say(f"note: {self._live.stream.note}")
        return LiveFigures(
            self._live.num_taken,
            self._live.num_dropped,
            self._live.arrived_s - self._first_s,
            self._latencies.percentile(50),
            self._largest_ms,
            fault,
        )

    def _take(self, result: Recognition, outputs: Sequence[Output]) -> None:
        """Draw, show and write one result."""
        self._first_s = self._first_s or self._live.arrived_s
        self._tell_size(result)
        self._last = result
        if self._window is not None and result.image is not None:
            self._window.show(draw_on_frame(result.image, result.faces, words=self._words()))
        latency_ms = self._live.latency_ms
        self._latencies.add(latency_ms)
        self._recent.append((self._live.arrived_s, latency_ms))
        self._largest_ms = latency_ms if self._live.num_taken <= 2 else max(self._largest_ms, latency_ms)
        for output in outputs:
            output.write(result)
        self._recordings.write(result)
        if self._progress is not None:
            self._progress.show(self._live.num_taken)

    def _look_around(self) -> None:
        """See whether to end, and do what keys asked for."""
        self._check_interrupts()
        if self._first_s and time.monotonic() - self._first_s >= self._limit_s:
            self._live.stop()
        for command in self._window.commands() if self._window is not None else ():
            self._obey(command)

    def _obey(self, command: str) -> None:
        if command == "quit":
            self._live.stop()
        elif command == "snapshot" and self._last is not None and self._last.image is not None:
            drawn = draw_on_frame(self._last.image, self._last.faces)
            try:
                self._say(f"snapshot: {write_picture(find_free(self._folder / 'snapshot.png'), drawn)}")
            except MienError as error:
                self._say(f"error: {error}")
        elif command == "record" and self._recordings.is_on:
            self._end_recording()
        elif command == "record":
            self._begin_recording()

    def _words(self) -> list[str]:
        """Return the lines in the corner: frames a second, latency, dropped frames, and whether it records."""
        arrivals, latencies = zip(*self._recent, strict=True) if self._recent else ((0.0,), (0.0,))
        seconds = arrivals[-1] - arrivals[0]
        rate = (len(arrivals) - 1) / seconds if seconds > 0 else 0.0
        line = f"{rate:.0f} frames/s  {np.median(latencies):.0f} ms  {self._live.num_dropped} dropped"
        return [line, "recording"] if self._recordings.is_on else [line]

    def _tell_size(self, result: Recognition) -> None:
        before, now = None if self._last is None else self._last.size_hw, result.size_hw
        if before is not None and now is not None and before != now:
            kept = "; the recording keeps its size" if self._recordings.is_on else ""
            sizes = f"{now[1]}x{now[0]} pixels from here on, {before[1]}x{before[0]} before"
            self._say(f"note: {result.source}: frames of {sizes}{kept}")

    def _begin_recording(self) -> None:
        self._recordings.begin(frames_per_second=self._live.stream.frames_per_second or USUAL_RATE)

    def _end_recording(self) -> None:
        file = self._recordings.finish()
        if file is not None:
            self._say(f"recorded: {file}")

    def _say(self, line: str) -> None:
        if self._progress is not None:
            self._progress.clear()
        print(line, file=sys.stderr)
