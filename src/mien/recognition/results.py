"""What recognition gives: one result for every input, whatever happened to it.

The analyzer makes them; the command line prints them; callers turn them into tables and pictures.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, overload

import numpy as np

from mien.errors import MienError, MissingExtraError
from mien.images.reading import read_picture
from mien.recognition.drawing import draw_faces, draw_message
from mien.structures import Face

if TYPE_CHECKING:
    import pandas as pd

READABLE_STATUSES: tuple[str, ...] = ("ok", "no_face")
"""Statuses of a picture that was read."""

FAULT_STATUSES: tuple[str, ...] = (
    "missing", "empty", "truncated", "too_large", "not_a_picture", "not_a_video", "no_frames", "unreadable",
)  # fmt: skip
"""Statuses of a picture or video that could not be read; its message says why."""


@dataclass(frozen=True)
class Recognition:
    """The faces of one picture, or why there are none.

    Args:
        source: What was analysed: a path, ``array``, ``bytes`` or ``standard input``.
        status: ``ok``, ``no_face``, or one of ``FAULT_STATUSES``.
        message: One line on a picture that could not be read or only in part; empty for most.
        faces: The faces, the largest first.
        size_hw: Height and width of the picture in pixels; none where it could not be read.
        model: Name of the model.
        detector: Name of the face detector.
        expressions: All expressions the model knows, in its order.
        time_s: Time within a video in seconds, or none.
        frame: Number of the frame within a video, the first is 0, or none.
        is_smoothed: Whether the probabilities are smoothed along tracks; each face then keeps the raw ones too.
        set_coverage: Share of faces whose set of expressions shall hold the right one, 0 to 1; none where the model
            gives no sets.
        image: The picture, shape ``(H, W, 3)``, uint8, RGB, where it is kept; no part of a comparison.

    Raises:
        ValueError: If the status is unknown, or does not fit faces, size and message; or if faces have raw
            probabilities where nothing is smoothed, or none where it is.
    """

    source: str
    status: str
    message: str
    faces: tuple[Face, ...]
    size_hw: tuple[int, int] | None
    model: str
    detector: str
    expressions: tuple[str, ...]
    time_s: float | None = None
    frame: int | None = None
    is_smoothed: bool = False
    set_coverage: float | None = None
    image: np.ndarray | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.status not in READABLE_STATUSES + FAULT_STATUSES:
            raise ValueError(f"unknown status {self.status!r}; known: {', '.join(READABLE_STATUSES + FAULT_STATUSES)}")
        if (self.status == "ok") != bool(self.faces):
            raise ValueError(f"status {self.status!r} does not go with {len(self.faces)} faces")
        if self.is_readable == (self.size_hw is None):
            raise ValueError(f"status {self.status!r} does not go with a size of {self.size_hw}")
        if "\n" in self.message or not (self.is_readable or self.message):
            raise ValueError(f"status {self.status!r} needs a message of one line, got {self.message!r}")
        if any((face.raw_probabilities is not None) != self.is_smoothed for face in self.faces):
            raise ValueError("faces have raw probabilities where, and only where, the result is smoothed")

    @property
    def is_readable(self) -> bool:
        """Return whether the picture could be read."""
        return self.status in READABLE_STATUSES

    def to_dict(self) -> dict[str, object]:
        """Return the result as plain values, ready for JSON; the picture is left out."""
        return {
            "source": self.source,
            "status": self.status,
            "message": self.message,
            "size_hw": None if self.size_hw is None else list(self.size_hw),
            "model": self.model,
            "detector": self.detector,
            "time_s": self.time_s,
            **({} if self.frame is None else {"frame": self.frame}),
            **({} if self.set_coverage is None else {"set_coverage": self.set_coverage}),
            "faces": [face.to_dict() for face in self.faces],
        }

    def to_rows(self) -> list[dict[str, object]]:
        """Return one flat row for each face; a picture without faces keeps one row with its status.

        Columns for what only some results have (``frame``, ``expression_set``, ``raw_`` and an expression) stand in
        the rows of those alone.
        """
        height, width = self.size_hw or (None, None)
        start: dict[str, object] = {
            "source": self.source,
            "status": self.status,
            "message": self.message,
            "width": width,
            "height": height,
            "model": self.model,
            "detector": self.detector,
            "time_s": self.time_s,
            **({} if self.frame is None else {"frame": self.frame}),
        }
        faces: list[tuple[int | None, Face | None]] = [*enumerate(self.faces, 1)] or [(None, None)]
        rows = [{**start, **_face_columns(number, face, self.expressions)} for number, face in faces]
        if self.set_coverage is not None:
            for row, (_, face) in zip(rows, faces, strict=True):
                row["expression_set"] = "|".join((face and face.expression_set) or ())
        if self.is_smoothed:
            for row, (_, face) in zip(rows, faces, strict=True):
                raw = (face and face.raw_probabilities) or {}
                row |= {f"raw_{name}": round(raw[name], 6) if raw else None for name in self.expressions}
        return rows

    def to_pandas(self) -> "pd.DataFrame":
        """Return the rows of ``to_rows`` as a table.

        Raises:
            MissingExtraError: If pandas is not installed.
        """
        return _to_table(self.to_rows())

    def draw(self) -> np.ndarray:
        """Return the picture with boxes and labels, shape ``(H, W, 3)``, uint8, RGB.

        Small pictures are enlarged so that labels can be read. A picture that could not be read gives a card
        with its message.

        Raises:
            PictureError: If the picture was not kept and its file cannot be read again.
            MienError: If the picture was not kept and came from no file, or from a video.
        """
        if not self.is_readable:
            return draw_message(self.message)
        return draw_faces(self._picture(), self.faces)

    def _picture(self) -> np.ndarray:
        if self.image is not None:
            return self.image
        if self.frame is not None:
            raise MienError(
                f"{self.source}: frame {self.frame} was not kept with the result; draw what mien.analyze_video gives"
            )
        if not Path(self.source).exists():
            raise MienError(f"{self.source}: the picture was not kept with the result; analyse it alone to draw it")
        return read_picture(Path(self.source)).image_rgb


@dataclass(frozen=True)
class Recognitions(Sequence[Recognition]):
    """The results of a folder or a list, in its order, with the methods of a single one.

    Args:
        results: One for every input.
    """

    results: tuple[Recognition, ...]

    @overload
    def __getitem__(self, index: int) -> Recognition: ...

    @overload
    def __getitem__(self, index: slice) -> "Recognitions": ...

    def __getitem__(self, index: int | slice) -> "Recognition | Recognitions":
        if isinstance(index, slice):
            return Recognitions(self.results[index])
        return self.results[index]

    def __len__(self) -> int:
        return len(self.results)

    def __iter__(self) -> Iterator[Recognition]:
        return iter(self.results)

    @property
    def faces(self) -> tuple[Face, ...]:
        """Return the faces of all pictures, one after the other."""
        return tuple(face for result in self.results for face in result.faces)

    def to_dict(self) -> dict[str, object]:
        """Return the results as plain values, ready for JSON."""
        return {"results": [result.to_dict() for result in self.results]}

    def to_rows(self) -> list[dict[str, object]]:
        """Return one flat row for each face; a picture without faces keeps one row with its status."""
        return [row for result in self.results for row in result.to_rows()]

    def to_pandas(self) -> "pd.DataFrame":
        """Return the rows of ``to_rows`` as a table.

        Raises:
            MissingExtraError: If pandas is not installed.
        """
        return _to_table(self.to_rows())

    def draw(self) -> list[np.ndarray]:
        """Return every picture with its boxes and labels, each as ``Recognition.draw`` gives it."""
        return [result.draw() for result in self.results]


def _face_columns(number: int | None, face: Face | None, expressions: tuple[str, ...]) -> dict[str, object]:
    values = {} if face is None else face.to_dict()
    x1, y1, x2, y2 = (None,) * 4 if face is None else (round(value, 1) for value in face.box_xyxy)
    probabilities = {} if face is None else {name: round(value, 6) for name, value in face.probabilities.items()}
    return {
        "face": number,
        "x1": x1,
        "y1": y1,
        "x2": x2,
        "y2": y2,
        "detector_score": values.get("detector_score"),
        "track_id": values.get("track_id"),
        "expression": values.get("expression"),
        "probability": None if face is None else round(face.probability, 6),
        **{name: probabilities.get(name) for name in expressions},
        "flags": "" if face is None else " ".join(face.flags),
    }


def _to_table(rows: list[dict[str, object]]) -> "pd.DataFrame":
    try:
        import pandas as pd
    except ModuleNotFoundError as error:
        raise MissingExtraError("pandas", extra="tables") from error
    return pd.DataFrame(rows)
