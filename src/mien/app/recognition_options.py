"""Options of the verbs that find faces and read them, such as ``mien analyze`` and ``mien webcam``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mien.recognition.analyzer import Analyzer

OF_A_VIDEO = "Of a video"
"""Panel of the help in which options stand that say nothing of single pictures."""

Model = Annotated[str, typer.Option(metavar="NAME|FILE", help="A shipped model or a model file.")]

Detector = Annotated[
    str,
    typer.Option(
        metavar="auto|yunet|haar|none",
        help="Face detector; auto: yunet if its file is there, else haar; none: the picture is the face.",
    ),
]

DetectorModel = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Model file of the detector, for one that needs it.")
]

Engine = Annotated[
    str,
    typer.Option(
        metavar="auto|onnxruntime|openvino|cuda",
        help="What computes the network; auto: onnxruntime for fewer than 500 pictures, else the fastest.",
    ),
]

DetectEvery = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        rich_help_panel=OF_A_VIDEO,
        help="Look for faces in one of N frames, and follow them in between; 1 if not given.",
    ),
]

Smoothing = Annotated[
    str | None,
    typer.Option(
        metavar="exponential|markov|none",
        rich_help_panel=OF_A_VIDEO,
        help="How probabilities are smoothed; exponential if not given.",
    ),
]


def advise_on_detector(analyzer: "Analyzer", *, asked_for: str) -> None:
    """Print a line on how to get the better detector, in a terminal, where none was named and it is not there.

    Args:
        analyzer: What finds faces now.
        asked_for: Value of the option ``--detector``.
    """
    from mien.recognition.default_detector import AUTO, how_to_get_better

    advice = how_to_get_better(analyzer.model_file.contract) if asked_for == AUTO else None
    if advice and sys.stderr.isatty():
        print(f"note: {advice}", file=sys.stderr)
