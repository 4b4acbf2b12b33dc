"""Files that a live view writes by the way: annotated recordings, one after the other, and snapshots."""

from itertools import count
from pathlib import Path

from mien.app.video_outputs import AnnotatedVideo
from mien.recognition.results import Recognition


class Recordings:
    """Annotated recordings, one at a time, each in a file of its own.

    Args:
        file: The first one's; what stands there is replaced. Further ones have a free number behind that name. None:
            all have a number behind ``recording``.
        folder: Where those without a name of their own go.
    """

    def __init__(self, file: Path | None, *, folder: Path) -> None:
        self._next, self._name = file, file or folder / "recording.webm"
        self._file = self._name
        self._video: AnnotatedVideo | None = None
        self._num_frames = 0

    @property
    def is_on(self) -> bool:
        """Return whether it is recording."""
        return self._video is not None

    def begin(self, *, frames_per_second: float) -> None:
        """Begin the next one.

        Args:
            frames_per_second: Rate that the file is made for.

        Raises:
            VideoError: If this kind of video cannot be written here.
        """
        self._file, self._next = self._next or find_free(self._name), None
        self._video = AnnotatedVideo(self._file, frames_per_second=frames_per_second)
        self._num_frames = 0

    def write(self, result: Recognition) -> None:
        """Take the next frame, if it is recording.

        Args:
            result: The frame's result, with its picture.

        Raises:
            MienError: If the disk is full or the place may not be written.
        """
        if self._video is not None:
            self._num_frames += 1
            self._video.write(result)

    def finish(self) -> Path | None:
        """End the one at hand, and return its file; none where it was not recording, or no frame came.

        Raises:
            MienError: If the disk is full or the place may not be written.
        """
        video, self._video = self._video, None
        if video is None:
            return None
        try:
            video.finish()
        finally:
            video.close()
        return self._file if self._num_frames else None


def find_free(file: Path) -> Path:
    """Return the file with the first number behind its name, such as ``snapshot-1.png``, that is not there.

    Args:
        file: The name without a number.
    """
    numbered = (file.with_name(f"{file.stem}-{number}{file.suffix}") for number in count(1))
    return next(each for each in numbered if not each.exists())
