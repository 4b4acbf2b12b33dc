"""``mien data audit``: what is wrong with a data set, row by row."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mien.app.cli.data import data_app
from mien.app.dataset_arguments import DatasetName, DatasetPath, ReaderOptions, read_named

if TYPE_CHECKING:
    from mien.data.audit import Findings


@data_app.command()
def audit(
    dataset: DatasetName,
    path: DatasetPath = None,
    options: ReaderOptions = None,
    *,
    output: Annotated[Path, typer.Option(help="Folder for audit.html, findings.parquet and audit.json.")],
    no_pictures: Annotated[
        bool, typer.Option("--no-pictures", help="Leave pictures out of the report, so that it may be published.")
    ] = False,
    detector: Annotated[
        list[str] | None,
        typer.Option(
            help="Look for faces with haar, yunet or haar_alt_48; again for several. haar, and yunet if there."
        ),
    ] = None,
    detector_model: Annotated[
        Path | None, typer.Option(help="Model file of yunet, where it is not in the weights folder.")
    ] = None,
    no_detector: Annotated[
        bool, typer.Option("--no-detector", help="Do not look for faces, which takes minutes the first time.")
    ] = False,
) -> None:
    """Audit a data set: copies, near copies, blanks, outliers, missing faces, votes, people in several splits.

    Prints the key figures, beside published ones where there are any, and writes report, findings and figures.
    """
    from mien.data.audit import audit as find_all
    from mien.data.audit.headline import key_figures
    from mien.data.audit.key_figures import count_findings
    from mien.data.audit.report import check_packages, write_audit
    from mien.writing import explaining_write_faults

    check_packages()
    detectors = [] if no_detector else choose_detectors(detector, detector_model)
    face_set = read_named(dataset, path, options)
    with explaining_write_faults(output):  # before the work, not after it
        output.mkdir(parents=True, exist_ok=True)
    model_files = {} if detector_model is None else {"yunet": detector_model}
    find = partial(find_all, face_set, detectors=detectors, model_files=model_files)
    findings = find_with_progress(find, len(face_set))
    files = write_audit(output, face_set, findings, has_pictures=not no_pictures)
    print(f"{face_set.name}: {len(face_set):,} rows audited, fingerprint {face_set.fingerprint[:16]}")
    for figure in key_figures(count_findings(findings)):
        print(figure.to_line())
    print(f"written: {', '.join(map(str, files))}")


def choose_detectors(named: list[str] | None, detector_model: Path | None = None) -> list[str]:
    """Return the searches for faces that were named, or the usual ones, each checked.

    Args:
        named: What was asked for; None for the usual ones.
        detector_model: Model file of yunet, or none.

    Raises:
        MienError: If one is unknown.
    """
    from mien.data.audit.face_presence import is_there, search_named

    if named is None:
        return ["haar", *(["yunet"] if detector_model or is_there("yunet") else [])]
    for name in named:
        search_named(name)
    return named


def find_with_progress(find: Callable[..., "Findings"], num_rows: int) -> "Findings":
    """Return the findings of an audit that shows how far it is.

    Args:
        find: Audits, and takes as ``progress`` whom to tell.
        num_rows: Rows of the set.
    """
    from mien.app.terminal import ProgressLine

    lines: dict[str, ProgressLine] = {}

    def show(what: str, done: int) -> None:
        if what not in lines:
            lines[what] = ProgressLine(num_rows, noun=what)
        lines[what].show(done)

    try:
        return find(progress=show)
    finally:
        for line in lines.values():
            line.clear()
