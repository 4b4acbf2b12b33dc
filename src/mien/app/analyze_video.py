"""A video through the analyzer and into all outputs, as ``mien analyze`` has it."""

import re
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mien.app.figures import print_rows
from mien.app.interrupting import deferring_interrupts
from mien.app.outputs import CsvRows, JsonLines, Output, ParquetRows, check_apart
from mien.app.terminal import ProgressLine
from mien.app.video_outputs import AnnotatedVideo, SubtitleFile, TimelinePicture, person_rows, summary_lines
from mien.errors import MienError
from mien.images.writing import check_drawing_file
from mien.recognition.analyzer import Analyzer
from mien.recognition.video.analysis import FollowSettings, VideoAnalysis
from mien.recognition.video.reading import VideoReader
from mien.recognition.video.writing import check_video_file


@dataclass(frozen=True)
class VideoPart:
    """Which frames of a video are wanted.

    Args:
        start_s: Time of the first, in seconds.
        end_s: Time before which the last one lies; none: to the end.
        every: Of so many frames one is wanted.

    Raises:
        MienError: If a time is negative, the end is not after the start, or ``every`` is below 1.
    """

    start_s: float = 0.0
    end_s: float | None = None
    every: int = 1

    def __post_init__(self) -> None:
        if self.start_s < 0:
            raise MienError(f"--start {self.start_s:g}: a time in the video is 0 seconds or more")
        if self.end_s is not None and self.end_s <= self.start_s:
            raise MienError(f"--end {self.end_s:g}: must lie after the start, {self.start_s:g} s")
        if self.every < 1:
            raise MienError(f"--every {self.every}: must be 1 or more; 5 takes every fifth frame")


@dataclass(frozen=True)
class VideoFiles:
    """Where the results of a video are written, each or none.

    Args:
        as_json: Whether to print a JSON object a line.
        csv_file: File for rows; ``-`` prints them.
        parquet_file: File for rows.
        video_file: Annotated copy.
        subtitle_file: Subtitles.
        timeline_file: Picture of who showed what when.
    """

    as_json: bool = False
    csv_file: str | None = None
    parquet_file: Path | None = None
    video_file: Path | None = None
    subtitle_file: Path | None = None
    timeline_file: Path | None = None

    @property
    def kept_words(self) -> str:
        """Where the rows of a video stand that was not read to its end."""
        is_file = self.csv_file is not None and self.csv_file != "-"
        return f"; their rows are in {self.csv_file}" if is_file else ""

    def check(self, video: Path) -> None:
        """Check that all can be written and none is the video itself or another, before anything is read.

        Args:
            video: The video that is analysed.

        Raises:
            MienError: If a kind of file cannot be written here, or a file would take the video's place or another's.
        """
        if self.video_file is not None:
            check_video_file(self.video_file)
        if self.timeline_file is not None:
            check_drawing_file(self.timeline_file)
        check_apart(self.named, video=video)

    def open(
        self, stack: ExitStack, *, frames_per_second: float, size_hw: tuple[int, int] = (480, 640)
    ) -> list[Output]:
        """Return the outputs, which the stack closes.

        Args:
            stack: Takes what closes them.
            frames_per_second: Rate of the frames that will come.
            size_hw: Their height and width in pixels.

        Raises:
            MienError: If a file cannot be written.
        """
        makers: dict[str, Callable[[Path], Output]] = {
            "--csv": CsvRows,
            "--parquet": ParquetRows,
            "--subtitles": SubtitleFile,
            "--timeline": TimelinePicture,
            "--save": partial(AnnotatedVideo, frames_per_second=frames_per_second, size_hw=size_hw),
        }
        outputs: list[Output] = [JsonLines()] if self.as_json else []
        if self.csv_file == "-":
            outputs.append(CsvRows(None))
        for option, file in self.named.items():
            outputs.append(makers[option](file))
            stack.callback(outputs[-1].close)
        return outputs

    @property
    def is_printing(self) -> bool:
        """Return whether rows go to standard output."""
        return self.as_json or self.csv_file == "-"

    @property
    def written(self) -> Sequence[Path]:
        """Return the files that are written in the end, to be named."""
        return tuple(self.named.values())

    @property
    def named(self) -> dict[str, Path]:
        """Return the files by the option that names them."""
        csv_file = None if self.csv_file in (None, "-") else Path(str(self.csv_file))
        files = {
            "--csv": csv_file,
            "--parquet": self.parquet_file,
            "--subtitles": self.subtitle_file,
            "--timeline": self.timeline_file,
            "--save": self.video_file,
        }
        return {option: file for option, file in files.items() if file is not None}


def parse_time(option: str, text: str) -> float:
    """Return a time of the command line in seconds.

    Args:
        option: Its name, for the message.
        text: Seconds, minutes and seconds, or hours, minutes and seconds, such as ``90``, ``1:30`` or ``0:01:30.5``.

    Raises:
        MienError: If it is none of these.

    Example:
        >>> parse_time("--start", "1:02:03.5")
        3723.5
    """
    if not re.fullmatch(r"(\d+:){0,2}\d+(\.\d*)?", text):
        raise MienError(f"{option} {text}: not a time; write seconds, 1:30 or 1:02:03.5")
    seconds = 0.0
    for part in text.split(":"):
        seconds = 60 * seconds + float(part)
    return seconds


def analyze_video(
    analyzer: Analyzer, video: Path, *, part: VideoPart, follow: FollowSettings, files: VideoFiles
) -> None:
    """Analyse a video, write what was asked for, and print a summary unless the rows are printed.

    A file that ends before its time is read as far as it goes; a line on standard error says so.

    Args:
        analyzer: What finds and reads faces.
        video: The video.
        part: Which frames are wanted.
        follow: How faces are followed.
        files: Where the results go.

    Raises:
        VideoError: If the file is missing, empty or no video, or no wanted frame comes.
        MienError: If something cannot be written.
    """
    files.check(video)
    analysis = VideoAnalysis(analyzer, video, start_s=part.start_s, end_s=part.end_s, every=part.every, follow=follow)
    num_frames, started = 0, time.monotonic()
    with deferring_interrupts() as check_interrupts, analysis, ExitStack() as stack:
        rate, size_hw = _rate(analysis.reader, part.every), analysis.reader.info.size_hw
        outputs = files.open(stack, frames_per_second=rate, size_hw=size_hw)
        # Results that come in the same terminal are progress enough.
        is_streaming = files.is_printing and sys.stdout.isatty()
        progress = ProgressLine(analysis.reader.num_wanted, noun="frames", is_shown=not is_streaming)
        stack.callback(progress.clear)
        for result in analysis:
            num_frames += 1
            for output in outputs:
                output.write(result)
            progress.show(num_frames)
            try:
                check_interrupts()
            except KeyboardInterrupt:
                progress.clear()
                print(f"note: stopped after {num_frames} frames{files.kept_words}", file=sys.stderr)
                raise
        _finish(outputs)
    if analysis.note:
        print(f"note: {analysis.note}", file=sys.stderr)
    if not files.is_printing:
        for line in summary_lines(analysis.persons, num_frames=num_frames, seconds=time.monotonic() - started):
            print(line)
        print_rows(person_rows(analysis.persons), num_text_columns=1)
        for file in files.written:
            print(f"written: {file}")


def _finish(outputs: Sequence[Output]) -> None:
    """Finish all outputs, also those after one that cannot be; what was worked out for hours is not to be lost."""
    with ExitStack() as stack:
        for output in reversed(outputs):
            stack.callback(output.finish)


def _rate(reader: VideoReader, every: int) -> float:
    return max(1.0, (reader.info.frames_per_second or 25.0) / every)
