"""``mien.analyze_video`` beside a plain loop over the same clip: OpenCV's cascade in every frame, then the network."""

import statistics
import time
from collections.abc import Callable
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2

from mien.benchmarks.live_speed import make_moving_frames, write_clip
from mien.benchmarks.measurement import Measurement
from mien.errors import MienError
from mien.recognition.model_file import load_model_file
from mien.recognition.recognizer import Recognizer
from mien.recognition.video.analysis import analyze_video

RATIO_BOUNDS: dict[int, float] = {1: 1.0, 5: 3.0}
"""How many times as many frames a second as the plain loop mien is to read, by the frames of which it searches one."""


def measure_video(picture: Path, *, num_frames: int = 150, rounds: int = 5) -> list[Measurement]:
    """Return how many times as many frames a second mien reads as a plain loop, with the same cascade and network.

    The plain loop decodes, searches each whole frame with OpenCV's customary settings, and asks the network about each
    face by itself. mien follows faces and smooths their probabilities, too. All take turns on the same clip of 640x480
    pixels with one face.

    Args:
        picture: Picture with one face, which moves through the clip.
        num_frames: Frames of the clip.
        rounds: Times that each reads it; the median of the rounds' ratios counts.

    Raises:
        MienError: If the picture cannot be read, or a face is not found in most frames.
    """
    recognizer = Recognizer(load_model_file("compact"), engine="onnxruntime")
    with TemporaryDirectory() as folder:
        clip = write_clip(Path(folder, "clip.avi"), list(islice(cycle(make_moving_frames(picture)), num_frames)))
        ratios: dict[int, list[float]] = {every: [] for every in RATIO_BOUNDS}
        rates = []
        for _ in range(rounds):
            plain_s = _time(partial(_read_plainly, clip, recognizer), num_frames=num_frames)
            rates.append(num_frames / plain_s)
            for every, values in ratios.items():
                values.append(plain_s / _time(partial(_read, clip, every), num_frames=num_frames))
    plain = f"a plain loop of Haar and compact ({statistics.median(rates):.0f} frames/s)"
    return [
        Measurement(
            f"mien analyze, haar in {'every frame' if every == 1 else f'one of {every} frames'}, beside {plain}",
            statistics.median(values),
            "times",
            RATIO_BOUNDS[every],
            is_upper=False,
        )
        for every, values in ratios.items()
    ]


def _time(read: Callable[[], int], *, num_frames: int) -> float:
    started = time.perf_counter()
    num_faces = read()
    seconds = time.perf_counter() - started
    if num_faces < num_frames / 2:
        raise MienError(f"{num_faces} faces found in {num_frames} frames; name a picture with one face with --picture")
    return seconds


def _read(clip: Path, every: int) -> int:
    with analyze_video(clip, detector="haar", detect_every=every) as results:
        return sum(len(result.faces) for result in results)


def _read_plainly(clip: Path, recognizer: Recognizer) -> int:
    cascade = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_alt2.xml"))
    capture, num_faces = cv2.VideoCapture(str(clip), cv2.CAP_FFMPEG), 0
    while (read := capture.read())[0]:
        grey = cv2.cvtColor(read[1], cv2.COLOR_BGR2GRAY)
        for x, y, width, height in cascade.detectMultiScale(grey, 1.1, 4):
            crop = cv2.resize(grey[y : y + height, x : x + width], (48, 48), interpolation=cv2.INTER_AREA)
            recognizer.predict_logits(crop[None])
            num_faces += 1
    capture.release()
    return num_faces
