"""``mien analyze``: faces and expressions in pictures, folders and videos."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien.app.cli import EXIT_FAULT, app, print_error
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
    from mien.app.outputs import Output
    from mien.recognition.analyzer import Analyzer
    from mien.recognition.sources import PictureSource


@app.command()
def analyze(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...",
            help="Pictures, folders (searched with all below them), '-' for standard input, or one video.",
        ),
    ],
    *,
    model: Model = "compact",
    detector: Detector = "auto",
    detector_model: DetectorModel = None,
    engine: Engine = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line instead of the table.")] = False,
    csv_file: Annotated[
        str | None,
        typer.Option("--csv", metavar="FILE", help="Write CSV instead of the table, a row a face; '-': print it."),
    ] = None,
    parquet_file: Annotated[
        Path | None, typer.Option("--parquet", metavar="FILE", help="Write the rows as Parquet, with mien\\[tables].")
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER|FILE",
            help="Write annotated copies of pictures there, or of a video: .webm, or with mien\\[video] .mp4 or .webp.",
        ),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(metavar="TIME", rich_help_panel=OF_A_VIDEO, help="Begin there: seconds, 1:30 or 1:02:03.5."),
    ] = None,
    end: Annotated[
        str | None, typer.Option(metavar="TIME", rich_help_panel=OF_A_VIDEO, help="End before that time.")
    ] = None,
    every: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", rich_help_panel=OF_A_VIDEO, help="Take one of N frames; 1 if not given."),
    ] = None,
    detect_every: DetectEvery = None,
    smoothing: Smoothing = None,
    subtitles: Annotated[
        Path | None,
        typer.Option(metavar="FILE.srt", rich_help_panel=OF_A_VIDEO, help="Write expressions as subtitles."),
    ] = None,
    timeline: Annotated[
        Path | None, typer.Option(metavar="FILE.png", rich_help_panel=OF_A_VIDEO, help="Draw who showed what when.")
    ] = None,
) -> None:
    """Find faces in pictures or a video, and read their expressions.

    Of a video every frame has a row, also one without a face; faces keep a number, and probabilities are smoothed. A
    summary of each person is printed in the end.

    Exits with 2 if an input could not be read, after all others were.
    """
    from mien.app.outputs import check_printed_once
    from mien.recognition.analyzer import Analyzer

    check_printed_once(as_json=as_json, csv_file=csv_file)
    video_options = {
        "--start": start, "--end": end, "--every": every, "--detect-every": detect_every, "--smoothing": smoothing,
        "--subtitles": subtitles, "--timeline": timeline,
    }  # fmt: skip
    given = {name: value for name, value in video_options.items() if value is not None}
    video = _find_video(paths, given)
    sources = _list_sources(paths, save) if video is None else []
    num_pictures = len(sources) if video is None else None
    analyzer = Analyzer(model, detector, detector_model=detector_model, engine=engine, num_pictures=num_pictures)
    advise_on_detector(analyzer, asked_for=detector)
    if video is None:
        _analyze_pictures(analyzer, sources, save, as_json=as_json, csv_file=csv_file, parquet_file=parquet_file)
    else:
        files = {"as_json": as_json, "csv_file": csv_file, "parquet_file": parquet_file, "video_file": save}
        _analyze_video(analyzer, video, files, given)


def _find_video(paths: list[str], video_options: dict[str, Any]) -> Path | None:
    """Return the video that is to be analysed, or none where the inputs are pictures."""
    from mien.recognition.video.reading import is_video

    videos = [path for path in paths if is_video(path) and not Path(path).is_dir()]
    if videos and len(paths) > 1:
        raise MienError(f"{videos[0]}: a video is analysed alone; leave out what is named beside it")
    if not videos and video_options:
        raise MienError(f"{', '.join(video_options)}: for a video only, and {paths[0]} is none by its name")
    return Path(videos[0]) if videos else None


def _analyze_video(analyzer: "Analyzer", video: Path, files: dict[str, Any], options: dict[str, Any]) -> None:
    from mien.app.analyze_video import VideoFiles, VideoPart, analyze_video, parse_time
    from mien.recognition.video.analysis import FollowSettings

    end = options.get("--end")
    part = VideoPart(
        parse_time("--start", options.get("--start", "0")),
        None if end is None else parse_time("--end", end),
        options.get("--every", 1),
    )
    follow = FollowSettings(options.get("--detect-every", 1), options.get("--smoothing", "exponential"))
    places = VideoFiles(**files, subtitle_file=options.get("--subtitles"), timeline_file=options.get("--timeline"))
    analyze_video(analyzer, video, part=part, follow=follow, files=places)


def _analyze_pictures(
    analyzer: "Analyzer",
    sources: list["PictureSource"],
    save: Path | None,
    *,
    as_json: bool,
    csv_file: str | None,
    parquet_file: Path | None,
) -> None:
    from mien.app.terminal import ProgressLine
    from mien.recognition.silencing import silencing_native_libraries

    num_faults = 0
    with ExitStack() as stack:
        outputs = _open_outputs(
            sources, stack, as_json=as_json, csv_file=csv_file, parquet_file=parquet_file, save_folder=save
        )
        # Results that come in the same terminal are progress enough.
        is_streaming = (as_json or csv_file == "-") and sys.stdout.isatty()
        progress = ProgressLine(len(sources), noun="pictures", is_shown=not is_streaming)
        stack.callback(progress.clear)
        for number, source in enumerate(sources, 1):
            with silencing_native_libraries():
                result = analyzer.analyze_picture(source)
            progress.show(number)
            for output in outputs:
                output.write(result)
            if not result.is_readable:
                num_faults += 1
                progress.clear()
                print_error(result.message)
        for output in outputs:
            output.finish()
    if num_faults:
        raise typer.Exit(EXIT_FAULT)


def _list_sources(paths: list[str], save_folder: Path | None) -> list["PictureSource"]:
    from mien.recognition.sources import list_pictures

    if save_folder is not None and save_folder.resolve() in {Path(path).resolve() for path in paths if path != "-"}:
        raise MienError(f"--save {save_folder}: this folder is analysed itself; choose another, or one inside it")
    return list(list_pictures(paths, skip_folder=save_folder))


def _check_rows_file(option: str, file: Path, sources: list["PictureSource"]) -> Path:
    """Return the file, unless writing it would destroy a picture: a forgotten file name takes the first input's."""
    from mien.images.reading import PICTURE_SUFFIXES

    inputs = {each.content.resolve() for each in sources if isinstance(each.content, Path)}
    if file.suffix.lower() in PICTURE_SUFFIXES or file.resolve() in inputs:
        raise MienError(
            f"{option} {file}: this names a picture; name the file to write, such as {option} faces{_SUFFIXES[option]}"
        )
    return file


_SUFFIXES = {"--csv": ".csv", "--parquet": ".parquet"}


def _open_outputs(
    sources: list["PictureSource"],
    stack: ExitStack,
    *,
    as_json: bool,
    csv_file: str | None,
    parquet_file: Path | None,
    save_folder: Path | None,
) -> list["Output"]:
    from mien.app.outputs import AnnotatedPictures, CsvRows, FaceTable, JsonLines, ParquetRows

    outputs: list[Output] = []
    if as_json:
        outputs.append(JsonLines())
    if csv_file is not None:
        outputs.append(CsvRows(None if csv_file == "-" else _check_rows_file("--csv", Path(csv_file), sources)))
    if parquet_file is not None:
        outputs.append(ParquetRows(_check_rows_file("--parquet", parquet_file, sources)))
    if not outputs:
        outputs.append(FaceTable())
    if save_folder is not None:
        outputs.append(
            AnnotatedPictures(save_folder, [each.content for each in sources if isinstance(each.content, Path)])
        )
    for output in outputs:
        stack.callback(output.close)
    return outputs
