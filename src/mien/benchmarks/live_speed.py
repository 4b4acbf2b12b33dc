"""How quick a live view is at 640x480 with one face: found, followed, classified and drawn, on two cores."""

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from mien.benchmarks.measurement import Measurement
from mien.errors import MienError, VideoError
from mien.faces.detector import DETECTORS
from mien.images.reading import read_picture
from mien.recognition.analyzer import Analyzer
from mien.recognition.results import Recognition
from mien.recognition.video.analysis import FollowSettings, follow_frames
from mien.recognition.video.drawing import draw_on_frame
from mien.recognition.video.live import SEARCHED_SIDE, Latencies, LiveAnalysis
from mien.recognition.video.reading import Frame
from mien.recognition.video.streams import PlayedFile

RATE_BOUNDS: dict[tuple[str, int], float] = {("yunet", 1): 60.0, ("haar", 5): 60.0, ("haar", 1): 30.0}
"""Frames a second that are promised, by the detector and of how many frames it searches one."""

LATENCY_BOUND_MS = 40.0
"""Longest time from a frame's arrival until it is drawn that is promised."""

_SIZE_HW = (480, 640)
_CAMERA_RATE = 30.0
_BLOCK = 5  # frames that are timed together; in each the detector searches equally often
_SHIFT_XY = (5, 2)  # pixels from one frame to the next
_SHIFTS = 15  # to each side
_SMALLEST_SHARE_WITH_A_FACE = 0.9


def measure_live(picture: Path, *, num_frames: int = 300) -> list[Measurement]:
    """Return frames a second without a pause, and latencies of a clip that is played at 30 frames/s and decoded beside.

    Args:
        picture: Picture with one face, which moves through the frames.
        num_frames: Frames of each measurement; the median of five frames each counts for the rate.

    Raises:
        MienError: If the picture cannot be read, or one face is not found in it throughout.
    """
    frames = make_moving_frames(picture)
    measurements = []
    with TemporaryDirectory() as folder, _two_threads():
        clip = write_clip(Path(folder, "clip.avi"), list(islice(cycle(frames), num_frames)))
        for (detector, detect_every), bound in RATE_BOUNDS.items():
            where = "every frame" if detect_every == 1 else f"one of {detect_every} frames"
            name = f"live view, {detector} in {where}"
            weights = DETECTORS.get(detector).card.weights
            if weights is not None and not weights.is_there:
                name += f" (not here; mien weights pull {weights.name})"
                measurements.append(Measurement(name, None, "frames/s", bound, is_upper=False))
                continue
            analyzer = Analyzer("compact", detector, threads=1)
            follow = FollowSettings(detect_every, search_side=SEARCHED_SIDE)
            rate = _measure_rate(analyzer, follow, frames, num_frames=num_frames)
            latencies = _measure_latencies(analyzer, follow, clip)
            measurements += [
                Measurement(name, rate, "frames/s", bound, is_upper=False),
                Measurement(f"{name}: latency, median", latencies.percentile(50), "ms", LATENCY_BOUND_MS),
                Measurement(f"{name}: latency of 95 in 100", latencies.percentile(95), "ms", LATENCY_BOUND_MS),
            ]
    return measurements


def make_moving_frames(picture: Path) -> list[np.ndarray]:
    """Return frames in which a picture moves there and back by five pixels a frame, each ``(480, 640, 3)``, uint8, RGB.

    Args:
        picture: The picture; it fills the frame's height or width, and its edges go on around it.

    Raises:
        MienError: If it cannot be read.
    """
    image_rgb = read_picture(picture).image_rgb
    (height, width), (shift_x, shift_y) = _SIZE_HW, (_SHIFTS * step for step in _SHIFT_XY)
    scale = min(height / image_rgb.shape[0], width / image_rgb.shape[1])
    size_wh = (round(image_rgb.shape[1] * scale), round(image_rgb.shape[0] * scale))
    image_rgb = cv2.resize(image_rgb, size_wh, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    left, top = (width - size_wh[0]) // 2 + shift_x, (height - size_wh[1]) // 2 + shift_y
    right, bottom = width + 2 * shift_x - size_wh[0] - left, height + 2 * shift_y - size_wh[1] - top
    canvas = cv2.copyMakeBorder(image_rgb, top, bottom, left, right, cv2.BORDER_REPLICATE)
    steps = [*range(2 * _SHIFTS), *range(2 * _SHIFTS, 0, -1)]
    corners = [(step * _SHIFT_XY[0], step * _SHIFT_XY[1]) for step in steps]
    return [np.ascontiguousarray(canvas[y : y + height, x : x + width]) for x, y in corners]


def _measure_rate(
    analyzer: Analyzer, follow: FollowSettings, frames: Sequence[np.ndarray], *, num_frames: int
) -> float:
    stream = (
        Frame(index, index / _CAMERA_RATE, image_rgb)
        for index, image_rgb in enumerate(islice(cycle(frames), num_frames + _BLOCK))
    )
    done_s, num_alone = [], 0
    for result in follow_frames(analyzer, stream, source="bench", follow=follow, batch_frames=1):
        _draw(result)
        done_s.append(time.perf_counter())
        num_alone += len(result.faces) == 1
    if num_alone < _SMALLEST_SHARE_WITH_A_FACE * len(done_s):
        raise MienError(
            f"{analyzer.detector.name} finds one face in {num_alone} of {len(done_s)} frames; name a picture with one "
            "face with --picture"
        )
    blocks_s = [later - earlier for earlier, later in zip(done_s[::_BLOCK], done_s[_BLOCK::_BLOCK], strict=False)]
    return _BLOCK / statistics.median(blocks_s)


def _measure_latencies(analyzer: Analyzer, follow: FollowSettings, clip: Path) -> Latencies:
    latencies = Latencies()
    with LiveAnalysis(analyzer, PlayedFile(clip), follow=follow) as live:
        for result in live:
            _draw(result)
            latencies.add(live.latency_ms)
    return latencies


def _draw(result: Recognition) -> None:
    if result.image is not None:
        draw_on_frame(result.image, result.faces, words=["30 frames/s  12 ms  0 dropped"])


def write_clip(file: Path, frames: Sequence[np.ndarray]) -> Path:
    """Return the file of a clip at 30 frames/s, Motion JPEG.

    Args:
        file: Where it is written, an ``.avi``.
        frames: Each ``(480, 640, 3)``, uint8, RGB.

    Raises:
        VideoError: If OpenCV cannot write it here.
    """
    code = cv2.VideoWriter.fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(file), cv2.CAP_FFMPEG, code, _CAMERA_RATE, _SIZE_HW[::-1])
    if not writer.isOpened():
        raise VideoError("OpenCV writes no Motion JPEG here", status="unreadable")
    for image_rgb in frames:
        writer.write(cv2.cvtColor(image_rgb, cv2.COLOR_RGB2BGR))
    writer.release()
    return file


@contextmanager
def _two_threads() -> Iterator[None]:
    """Let OpenCV take two threads, however many cores there are."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(2)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
