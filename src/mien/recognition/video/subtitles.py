"""SubRip subtitles: who shows which expression, as long as it lasts."""

from collections.abc import Iterator
from dataclasses import dataclass

from mien.recognition.results import Recognition

LARGEST_NUMBER_OF_LINES = 4
"""Faces named at a time, the largest first."""


@dataclass(frozen=True)
class Subtitle:
    """One text and when it stands.

    Args:
        start_s: When it comes, in seconds.
        end_s: When it goes.
        text: A line a face.
    """

    start_s: float
    end_s: float
    text: str

    def to_srt(self, number: int) -> str:
        """Return it as SubRip has it.

        Args:
            number: Its number in the file, the first is 1.

        Source: https://www.matroska.org/technical/subtitles.html#srt-subtitles.
        """
        return f"{number}\n{_clock(self.start_s)} --> {_clock(self.end_s)}\n{self.text}\n\n"


class SubtitleMaker:
    """Joins frames with the same text; holds one subtitle at a time.

    Args:
        shortest_s: Shortest time that a text stands; what changes sooner is not shown.
    """

    def __init__(self, *, shortest_s: float = 0.4) -> None:
        self._shortest_s = shortest_s
        self._text = ""
        self._start_s = 0.0
        self._last_s = 0.0
        self._frame_s = 0.04

    def add(self, result: Recognition) -> Iterator[Subtitle]:
        """Take the next frame, and yield the subtitle that it ends, if it ends one.

        Args:
            result: Result of a frame with a time.
        """
        time_s = result.time_s or 0.0
        text = _describe(result)
        if text != self._text and time_s - self._start_s >= self._shortest_s - 1e-6:
            yield from self._finish(time_s)
            self._text, self._start_s = text, time_s
        elif not self._text and text:
            self._text, self._start_s = text, time_s
        if time_s > self._last_s:
            self._frame_s = min(time_s - self._last_s, 1.0)
        self._last_s = time_s

    def end(self) -> Iterator[Subtitle]:
        """Yield the last subtitle, if one stands."""
        yield from self._finish(self._last_s + self._frame_s)
        self._text = ""

    def _finish(self, end_s: float) -> Iterator[Subtitle]:
        if self._text and end_s > self._start_s:
            yield Subtitle(self._start_s, end_s, self._text)


def _describe(result: Recognition) -> str:
    shown = sorted(result.faces[:LARGEST_NUMBER_OF_LINES], key=lambda face: face.track_id or 0)
    if len(shown) == 1:
        return _word(shown[0].expression, shown[0].flags)
    return "\n".join(f"{face.track_id}: {_word(face.expression, face.flags)}" for face in shown)


def _word(expression: str, flags: tuple[str, ...]) -> str:
    return f"{expression}?" if "unsure" in flags else expression


def _clock(time_s: float) -> str:
    milliseconds = round(time_s * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{milliseconds // 1000:02},{milliseconds % 1000:03}"
