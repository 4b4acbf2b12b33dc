"""``mien webcam``: expressions live, from a camera or a file played at its own pace."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mien.app.cli import app, print_error
from mien.app.recognition_options import (
    OF_A_VIDEO,
    DetectEvery,
    Detector,
    DetectorModel,
    Engine,
    Model,
    Smoothing,
    advise_on_detector,
)
from mien.errors import MienError

if TYPE_CHECKING:
    from mien.app.live.window import Window
    from mien.recognition.video.streams import LiveStream

EXIT_BROKEN_OFF = 1
"""Exit status where a camera was there and is gone; what it gave until then was written."""


@app.command()
def webcam(
    camera: Annotated[
        int | None, typer.Argument(min=0, help="Number of the camera; 0, the first, if left out.")
    ] = None,
    *,
    source: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Play a video at its own pace in place of a camera.")
    ] = None,
    size: Annotated[
        str | None, typer.Option(metavar="WIDTHxHEIGHT", help="Size to ask the camera for, such as 640x480.")
    ] = None,
    model: Model = "compact",
    detector: Detector = "auto",
    detector_model: DetectorModel = None,
    engine: Engine = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a frame.")] = False,
    csv_file: Annotated[
        str | None, typer.Option("--csv", metavar="FILE", help="Write CSV, a row a face; '-': print it.")
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Annotated recording: .webm, or .mp4 with mien\\[video]; in the window r ends it and begins others.",
        ),
    ] = None,
    snapshots: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where the keys s and r write snapshots and recordings.")
    ] = Path(),
    no_window: Annotated[bool, typer.Option("--no-window", help="Open no window.")] = False,
    seconds: Annotated[float | None, typer.Option(min=0, help="End so many seconds after the first frame.")] = None,
    detect_every: DetectEvery = None,
    smoothing: Smoothing = None,
    search_side: Annotated[
        int | None,
        typer.Option(
            min=32,
            metavar="PIXELS",
            rich_help_panel=OF_A_VIDEO,
            help="Look for faces in a frame reduced to this longer side; 320 if not given, larger finds smaller faces.",
        ),
    ] = None,
) -> None:
    """Read expressions live; in the window q or Escape quits, s takes a snapshot, r records.

    Only the newest frame is read; those that come meanwhile are counted as dropped.

    The window needs the extra live; without a screen, print with --json or --csv, or record.

    Exits with 1 if the camera is unplugged on the way.
    """
    from mien.app.analyze_video import VideoFiles
    from mien.app.live.viewing import LiveView
    from mien.app.outputs import check_apart, check_printed_once
    from mien.app.terminal import ProgressLine
    from mien.recognition.analyzer import Analyzer
    from mien.recognition.video.analysis import FollowSettings
    from mien.recognition.video.live import SEARCHED_SIDE
    from mien.recognition.video.writing import check_video_file

    check_printed_once(as_json=as_json, csv_file=csv_file)
    files = VideoFiles(as_json=as_json, csv_file=csv_file)
    if record is not None:
        check_video_file(record)
        check_apart({**files.named, "--record": record}, video=source)
    follow = FollowSettings(detect_every or 1, smoothing or "exponential", search_side or SEARCHED_SIDE)
    is_kept = as_json or csv_file is not None or record is not None
    if no_window and not is_kept:
        raise MienError("--no-window shows nothing; print with --json or --csv, or record with --record FILE")
    size_wh = _parse_size(size)
    with ExitStack() as stack:
        window = None if no_window else _open_window(is_kept=is_kept)
        if window is not None:
            stack.callback(window.close)
        analyzer = Analyzer(model, detector, detector_model=detector_model, threads=1, engine=engine)
        advise_on_detector(analyzer, asked_for=detector)
        progress = ProgressLine(None, noun="frames", is_shown=window is None and not files.is_printing)
        view = LiveView(
            analyzer,
            _open_stream(camera, source, size_wh),
            follow=follow,
            window=window,
            record_file=record,
            folder=snapshots,
            progress=progress,
        )
        stack.callback(view.close)
        outputs = files.open(stack, frames_per_second=0)
        figures = view.run(outputs, limit_s=seconds)
        for output in outputs:
            output.finish()
        progress.clear()
    print(figures, file=sys.stderr)
    if figures.fault:
        print_error(figures.fault)
        raise typer.Exit(EXIT_BROKEN_OFF)


def _open_window(*, is_kept: bool) -> "Window | None":
    """Return a window, or none where it cannot be had and something else takes the results."""
    from mien.app.live.window import Window

    try:
        return Window("mien: q quits, s takes a snapshot, r records")
    except MienError as error:
        if not is_kept:
            raise
        print(f"note: going on without a window: {error}", file=sys.stderr)
        return None


def _open_stream(camera: int | None, source: Path | None, size_wh: tuple[int, int] | None) -> "LiveStream":
    from mien.recognition.video.streams import Camera, PlayedFile

    if source is None:
        return Camera(camera or 0, size_wh=size_wh)
    if camera is not None or size_wh is not None:
        raise MienError(f"--source {source}: this is played in place of a camera; leave out its number and --size")
    return PlayedFile(source)


def _parse_size(size: str | None) -> tuple[int, int] | None:
    if size is None:
        return None
    width, _, height = size.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise MienError(f"--size {size}: not a size; write WIDTHxHEIGHT, such as 640x480")
    return int(width), int(height)
