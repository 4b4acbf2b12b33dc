"""A picture of a whole video: a row a person, coloured by expression over time. Drawn without matplotlib."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from mien.recognition.drawing import colour_of, load_font
from mien.recognition.results import Recognition

WIDTH_PIXELS = 1200
"""Width of the picture."""

MOST_PERSONS = 24
"""Rows drawn; of more people those seen longest."""

MOST_KEPT = 1000
"""Persons kept until the end; of more, those that were seen shortest are dropped."""

_ROW, _GAP, _LEFT, _RIGHT, _TOP, _FOOT = 30, 10, 110, 24, 20, 78
_LARGEST_HOLE_S = 1.0


@dataclass
class Stretch:
    """A time during which a person showed one expression.

    Args:
        start_s: Its beginning in seconds.
        end_s: Its end.
        expression: What was shown.
    """

    start_s: float
    end_s: float
    expression: str


class Timeline:
    """Collects who showed what when; memory grows with changes of expression, not with frames."""

    def __init__(self) -> None:
        self._by_person: dict[int, list[Stretch]] = {}
        self._last_s = 0.0

    def add(self, result: Recognition) -> None:
        """Take the next frame.

        Args:
            result: Result of a frame with a time.
        """
        time_s = result.time_s or 0.0
        for face in result.faces:
            stretches = self._by_person.setdefault(face.track_id or 0, [])
            last = stretches[-1] if stretches else None
            if last is not None and time_s - last.end_s <= _LARGEST_HOLE_S:
                last.end_s = time_s
                if last.expression == face.expression:
                    continue
            stretches.append(Stretch(time_s, time_s, face.expression))
        self._last_s = max(self._last_s, time_s)
        if len(self._by_person) > MOST_KEPT:
            self._by_person = dict(self._longest_seen(MOST_KEPT // 2))

    def stretches_of(self, track_id: int) -> Sequence[Stretch]:
        """Return what a person showed, in order.

        Args:
            track_id: The person's number.
        """
        return tuple(self._by_person.get(track_id, ()))

    def draw(self, expressions: Sequence[str]) -> np.ndarray:
        """Return the picture.

        Args:
            expressions: All that the model knows, for the legend.

        Returns:
            Shape ``(H, 1200, 3)``, uint8, RGB.
        """
        shown = self._persons_shown()
        height = _TOP + max(1, len(shown)) * (_ROW + _GAP) + _FOOT
        canvas = Image.new("RGB", (WIDTH_PIXELS, height), (255, 255, 255))
        draw = ImageDraw.Draw(canvas)
        axis_y = height - _FOOT
        for row, (track_id, stretches) in enumerate(shown):
            self._draw_person(draw, f"person {track_id}", stretches, _TOP + row * (_ROW + _GAP))
        if not shown:
            draw.text((_LEFT, _TOP + 6), "no face was found", fill=(60, 60, 60), font=load_font(14))
        self._draw_axis(draw, axis_y)
        _draw_legend(draw, expressions, axis_y + 42)
        return np.asarray(canvas).copy()

    def _persons_shown(self) -> list[tuple[int, list[Stretch]]]:
        """Return those seen longest, in the order in which they came."""
        return sorted(self._longest_seen(MOST_PERSONS))

    def _longest_seen(self, num_persons: int) -> list[tuple[int, list[Stretch]]]:
        seconds = {person: sum(each.end_s - each.start_s for each in row) for person, row in self._by_person.items()}
        return sorted(self._by_person.items(), key=lambda item: -seconds[item[0]])[:num_persons]

    def _x(self, time_s: float) -> float:
        return _LEFT + (WIDTH_PIXELS - _LEFT - _RIGHT) * time_s / (self._last_s or 1.0)

    def _draw_person(self, draw: ImageDraw.ImageDraw, name: str, stretches: Sequence[Stretch], y: int) -> None:
        draw.text((12, y + 6), name, fill=(40, 40, 40), font=load_font(14))
        draw.line((_LEFT, y + _ROW / 2, WIDTH_PIXELS - _RIGHT, y + _ROW / 2), fill=(225, 225, 225))
        for stretch in stretches:
            left, right = self._x(stretch.start_s), self._x(stretch.end_s)
            draw.rectangle((left, y, max(right, left + 1), y + _ROW), fill=colour_of(stretch.expression))

    def _draw_axis(self, draw: ImageDraw.ImageDraw, y: int) -> None:
        draw.line((_LEFT, y, WIDTH_PIXELS - _RIGHT, y), fill=(90, 90, 90))
        step_s = _tick_step(self._last_s)
        for number in range(int(self._last_s // step_s) + 1):
            x = self._x(number * step_s)
            draw.line((x, y, x, y + 5), fill=(90, 90, 90))
            draw.text((x, y + 8), _clock(number * step_s, step_s), fill=(60, 60, 60), font=load_font(12), anchor="ma")


def _draw_legend(draw: ImageDraw.ImageDraw, expressions: Sequence[str], y: int) -> None:
    x = float(_LEFT)
    for name in expressions:
        draw.rectangle((x, y, x + 14, y + 14), fill=colour_of(name), outline=(120, 120, 120))
        draw.text((x + 20, y - 1), name, fill=(40, 40, 40), font=load_font(13))
        x += 36 + draw.textlength(name, font=load_font(13))


def _tick_step(duration_s: float) -> float:
    steps = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200)
    return next((float(step) for step in steps if duration_s / step <= 12), max(3600.0, duration_s / 10))


def _clock(time_s: float, step_s: float) -> str:
    if step_s < 1:
        return f"{time_s:.1f} s"
    minutes, seconds = divmod(int(time_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
