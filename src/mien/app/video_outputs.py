"""Where the frames of a video go besides rows: an annotated video, subtitles, a timeline, a table of the persons.

Each is an ``Output`` as those in ``mien.app.outputs``.
"""

import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mien.images.writing import check_drawing_file, write_picture
from mien.recognition.results import Recognition
from mien.recognition.track_summary import TrackSummary
from mien.recognition.video.bounded_queue import BoundedQueue, fit_frames
from mien.recognition.video.drawing import draw_on_frame
from mien.recognition.video.subtitles import Subtitle, SubtitleMaker
from mien.recognition.video.timeline import Timeline
from mien.recognition.video.writing import VideoWriter, check_video_file
from mien.writing import write_atomically

FRAMES_WAITING = 8
"""Frames that wait for the encoder at most; fewer of large ones."""

MOST_PERSONS = 20
"""Persons that the summary of a video lists; those seen longest."""

_POLL_S = 0.1


class AnnotatedVideo:
    """An annotated copy of a video, drawn and encoded by a thread of its own.

    Args:
        path: File to write; it is whole or not there.
        frames_per_second: Rate that the file is made for.
        size_hw: Height and width of the frames in pixels; fewer large ones wait.

    Raises:
        VideoError: If this kind of video cannot be written here.
        MienError: If the disk is full or the place may not be written.
    """

    def __init__(self, path: Path, *, frames_per_second: float, size_hw: tuple[int, int] = (480, 640)) -> None:
        self._path, self._rate = check_video_file(path), frames_per_second
        num_waiting = fit_frames(size_hw, most=FRAMES_WAITING)
        self._waiting: BoundedQueue[Recognition | None] = BoundedQueue(num_waiting)
        self._fault: BaseException | None = None
        self._is_whole = False
        self._thread = threading.Thread(target=self._encode, name="mien-encode", daemon=True)
        self._thread.start()

    def write(self, result: Recognition) -> None:
        """Hand over one frame, waiting where the encoder is behind."""
        self._put(result)

    def finish(self) -> None:
        """Wait for the encoder, which puts the file in its place."""
        self._is_whole = True
        self._put(None)
        self._thread.join()
        self._raise_fault()

    def close(self) -> None:
        """End the thread; without ``finish`` before it, nothing stays."""
        self._waiting.put_first(None)
        self._thread.join()

    def _put(self, entry: Recognition | None) -> None:
        """Wait for room as long as the encoder lives."""
        while self._thread.is_alive():
            if self._waiting.offer(entry, timeout_s=_POLL_S):
                return
        self._raise_fault()

    def _raise_fault(self) -> None:
        if self._fault is not None:
            raise self._fault

    def _encode(self) -> None:
        writer: VideoWriter | None = None
        try:
            while (result := self._waiting.get()) is not None:
                image_rgb: Any = result.image
                if writer is None:
                    size_hw = (image_rgb.shape[0], image_rgb.shape[1])
                    writer = VideoWriter(self._path, size_hw, frames_per_second=self._rate)
                writer.write(draw_on_frame(image_rgb, result.faces), result.time_s or 0.0)
            if writer is not None and self._is_whole:
                writer.finish()
        except BaseException as fault:
            self._fault = fault
        finally:
            if writer is not None:
                writer.close()


class SubtitleFile:
    """Subtitles of a video as SubRip; the file is whole or not there.

    Args:
        path: File to write.

    Raises:
        MienError: If the disk is full or the place may not be written.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._maker, self._texts = path, SubtitleMaker(), list[str]()

    def write(self, result: Recognition) -> None:
        """Take one frame."""
        self._take(self._maker.add(result))

    def finish(self) -> None:
        """Write the file."""
        self._take(self._maker.end())
        write_atomically(self._path, "".join(self._texts))

    def close(self) -> None:
        """Do nothing: what is not finished is not written."""

    def _take(self, subtitles: Iterable[Subtitle]) -> None:
        for subtitle in subtitles:
            self._texts.append(subtitle.to_srt(len(self._texts) + 1))


class TimelinePicture:
    """A picture of who showed what when.

    Args:
        path: File to write, ``.png`` or ``.jpg``.

    Raises:
        MienError: If the name is not that of a picture, the disk is full or the place may not be written.
    """

    def __init__(self, path: Path) -> None:
        check_drawing_file(path)
        self._path = path
        self._timeline = Timeline()
        self._expressions: tuple[str, ...] = ()

    def write(self, result: Recognition) -> None:
        """Take one frame."""
        self._expressions = result.expressions
        self._timeline.add(result)

    def finish(self) -> None:
        """Write the picture."""
        write_picture(self._path, self._timeline.draw(self._expressions))

    def close(self) -> None:
        """Do nothing: what is not finished is not written."""


def summary_lines(persons: Mapping[int, TrackSummary], *, num_frames: int, seconds: float) -> list[str]:
    """Return what is said after a video.

    Args:
        persons: Summaries of its tracks.
        num_frames: Frames that were read.
        seconds: How long that took.
    """
    confirmed = sum(person.is_confirmed for person in persons.values())
    rate = f", {num_frames / seconds:.0f} a second" if seconds > 0 else ""
    return [f"{_count(num_frames, 'frame')}{rate}; {_count(confirmed, 'person')} followed"]


def person_rows(persons: Mapping[int, TrackSummary]) -> list[list[str]]:
    """Return a table of the persons seen longest, in the order in which they came; the header first.

    Args:
        persons: Summaries of the tracks of a video.
    """
    header = ["person", "from", "to", "frames", "shown", "changes a minute", "unsmoothed"]
    confirmed = [person for person in persons.values() if person.is_confirmed]
    longest = sorted(confirmed, key=lambda person: -person.seconds)[:MOST_PERSONS]
    return [header, *(_person_row(person) for person in sorted(longest, key=lambda person: person.track_id))]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _person_row(person: TrackSummary) -> list[str]:
    shares = sorted(person.time_shares.items(), key=lambda item: -item[1])
    shown = ", ".join(f"{name} {share:.0%}" for name, share in shares[:3] if share >= 0.005)
    return [
        str(person.track_id),
        f"{person.start_s:.1f} s",
        f"{person.end_s:.1f} s",
        str(person.num_frames),
        shown,
        f"{person.flicker_per_minute:.0f}",
        f"{person.raw_flicker_per_minute:.0f}",
    ]
