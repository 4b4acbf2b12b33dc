"""``mien analyze``: faces and expressions in pictures and folders."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mien.app.cli import EXIT_FAULT, app, print_error
from mien.errors import MienError

if TYPE_CHECKING:
    from mien.app.outputs import Output
    from mien.recognition.sources import PictureSource


@app.command()
def analyze(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...", help="Pictures, folders (searched with all below them), '-' for standard input."
        ),
    ],
    *,
    model: Annotated[str, typer.Option(metavar="NAME|FILE", help="A shipped model or a model file.")] = "compact",
    detector: Annotated[
        str,
        typer.Option(
            metavar="auto|yunet|haar|none",
            help="Face detector; auto: yunet if its file is there, else haar; none: the picture is the face.",
        ),
    ] = "auto",
    detector_model: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Model file of the detector, for one that needs it.")
    ] = None,
    engine: Annotated[
        str,
        typer.Option(
            metavar="auto|onnxruntime|openvino|cuda",
            help="What computes the network; auto: onnxruntime for fewer than 500 pictures, else the fastest.",
        ),
    ] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line instead of the table.")] = False,
    csv_file: Annotated[
        str | None,
        typer.Option("--csv", metavar="FILE", help="Write CSV instead of the table, a row a face; '-': print it."),
    ] = None,
    save_folder: Annotated[
        Path | None, typer.Option("--save", metavar="FOLDER", help="Write annotated copies of the pictures there.")
    ] = None,
) -> None:
    """Find faces in pictures and read their expressions.

    Exits with 2 if an input could not be read, after all others were.
    """
    from mien.app.terminal import ProgressLine, silencing_native_libraries
    from mien.recognition.analyzer import Analyzer
    from mien.recognition.default_detector import AUTO, how_to_get_better

    if as_json and csv_file == "-":
        raise MienError("--json and '--csv -' both print on standard output; write the CSV to a file or leave one out")
    sources = _list_sources(paths, save_folder)
    analyzer = Analyzer(model, detector, detector_model=detector_model, engine=engine, num_pictures=len(sources))
    advice = how_to_get_better(analyzer.model_file.contract) if detector == AUTO else None
    if advice and sys.stderr.isatty():
        print(f"note: {advice}", file=sys.stderr)
    num_faults = 0
    with ExitStack() as stack:
        outputs = _open_outputs(sources, stack, as_json=as_json, csv_file=csv_file, save_folder=save_folder)
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
    if num_faults:
        raise typer.Exit(EXIT_FAULT)


def _list_sources(paths: list[str], save_folder: Path | None) -> list["PictureSource"]:
    from mien.recognition.sources import list_pictures

    if save_folder is not None and save_folder.resolve() in {Path(path).resolve() for path in paths if path != "-"}:
        raise MienError(f"--save {save_folder}: this folder is analysed itself; choose another, or one inside it")
    return list(list_pictures(paths, skip_folder=save_folder))


def _check_csv_file(csv_file: Path, sources: list["PictureSource"]) -> Path:
    """Return the file, unless writing it would destroy a picture: a forgotten file name takes the first input's."""
    from mien.images.reading import PICTURE_SUFFIXES

    inputs = {each.content.resolve() for each in sources if isinstance(each.content, Path)}
    if csv_file.suffix.lower() in PICTURE_SUFFIXES or csv_file.resolve() in inputs:
        raise MienError(f"--csv {csv_file}: this names a picture; name the file to write, such as --csv faces.csv")
    return csv_file


def _open_outputs(
    sources: list["PictureSource"],
    stack: ExitStack,
    *,
    as_json: bool,
    csv_file: str | None,
    save_folder: Path | None,
) -> list["Output"]:
    from mien.app.outputs import AnnotatedPictures, CsvRows, FaceTable, JsonLines

    outputs: list[Output] = []
    if as_json:
        outputs.append(JsonLines())
    if csv_file is not None:
        outputs.append(CsvRows(None if csv_file == "-" else _check_csv_file(Path(csv_file), sources)))
    if not outputs:
        outputs.append(FaceTable())
    if save_folder is not None:
        outputs.append(
            AnnotatedPictures(save_folder, [each.content for each in sources if isinstance(each.content, Path)])
        )
    for output in outputs:
        stack.callback(output.close)
    return outputs
