"""The report as one HTML page that needs nothing beside it; ``mien report`` writes it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import mien
from mien.data import FaceSet
from mien.errors import MienError, suggest
from mien.evaluation.report.blocks import Part, Section
from mien.evaluation.report.contents import Contents
from mien.evaluation.report.elsewhere import make_across, make_end_to_end
from mien.evaluation.report.figure_tables import make_comparisons, make_figures
from mien.evaluation.report.gathering import gather_models
from mien.evaluation.report.headline import make_headline
from mien.evaluation.report.measured import make_calibration, make_ensembles, make_robustness
from mien.evaluation.report.mistakes import make_explanations
from mien.evaluation.report.plots import make_curves, make_plots
from mien.evaluation.report.repeating import make_protocol
from mien.metrics.bootstrap import NUM_DRAWS
from mien.pages import import_jinja2, render_page
from mien.plotting import new_figure
from mien.writing import explaining_write_faults, write_atomically

ROWS = 300
"""So many faces are corrupted, and pasted into scenes, unless otherwise asked."""
NUM_FACES = 20
"""So many mistakes of a model are shown."""


@dataclass(frozen=True)
class SectionMaker:
    """How a section comes about.

    Args:
        title: Its heading.
        make: Returns its parts; where there are none, the page has no such section.
    """

    title: str
    make: Callable[[Contents], Sequence[Part]]


SECTIONS: dict[str, SectionMaker] = {
    "headline": SectionMaker("Headline", make_headline),
    "figures": SectionMaker("Figures", make_figures),
    "comparison": SectionMaker("Comparison", make_comparisons),
    "plots": SectionMaker("Plots", make_plots),
    "curves": SectionMaker("Learning curves", make_curves),
    "calibration": SectionMaker("Calibration", make_calibration),
    "ensembles": SectionMaker("Ensembles", make_ensembles),
    "robustness": SectionMaker("Robustness", make_robustness),
    "end-to-end": SectionMaker("End to end", make_end_to_end),
    "across": SectionMaker("Across data sets", make_across),
    "explanation": SectionMaker("Explanation", make_explanations),
    "protocol": SectionMaker("Protocol and repetition", make_protocol),
}
"""The sections in the page's order, by the name that leaves them out."""


def write_report(
    models: Sequence[Path | str],
    output: Path | str = Path("report.html"),
    *,
    without: Sequence[str] = (),
    others: Sequence[FaceSet] = (),
    rows: int | None = ROWS,
    num_faces: int = NUM_FACES,
    has_pictures: bool = True,
    results_folder: Path = Path("results"),
    num_draws: int = NUM_DRAWS,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> Path:
    """Write a page that judges models side by side, and return its file; one that stands there is replaced.

    Args:
        models: Folders of runs and ensembles, and records (``.json``); the first is what others are compared with.
        output: File to write.
        without: Names of `SECTIONS` to leave out.
        others: Other data sets that runs and ensembles are judged on, whatever is no test split of them.
        rows: Most faces of each model that are corrupted, and pasted into scenes, spread over validation; None: all.
        num_faces: Most mistakes of each model that are shown.
        has_pictures: Whether faces appear on it; without, it may be published.
        results_folder: Where the records of runs are looked up; no test split is opened.
        num_draws: Draws behind the bootstrap intervals.
        seed: Seed of whatever corruptions draw.
        progress: Whom to tell how many sections are done.

    Raises:
        MienError: If there is no such section, a number is less than 1, a model is named twice or none is, or the place
            cannot be written.
        MissingExtraError: If Jinja2 or matplotlib is not installed.
        RunFolderError: As for `gather_models`.
        ProtocolError: As for `gather_models`.
        DataError: As for `gather_models`.
    """
    chosen = check_sections(without)
    for name, number in (("rows", rows), ("num_faces", num_faces), ("num_draws", num_draws)):
        if number is not None and number < 1:
            raise MienError(f"{name} is {number}; expected at least 1")
    import_jinja2()
    new_figure(1, 1)
    with explaining_write_faults(output):  # before the work, not after it
        Path(output).parent.mkdir(parents=True, exist_ok=True)
    contents = Contents(
        models=tuple(gather_models(models, results_folder=results_folder, num_draws=num_draws)),
        others=tuple(others),
        rows=rows,
        num_faces=num_faces,
        has_pictures=has_pictures,
        results_folder=results_folder,
        num_draws=num_draws,
        seed=seed,
    )
    sections = []
    for number, key in enumerate(chosen):
        if progress is not None:
            progress(number)
        sections.append(Section(key, SECTIONS[key].title, tuple(SECTIONS[key].make(contents))))
    return write_atomically(output, render_report(contents, sections))


def check_sections(without: Sequence[str]) -> list[str]:
    """Return the names of the sections that are left.

    Args:
        without: Names of sections to leave out.

    Raises:
        MienError: If one is unknown, or none is left.
    """
    for name in without:
        if name not in SECTIONS:
            raise MienError(f"unknown section {name!r}{suggest(name, SECTIONS)}; sections are {', '.join(SECTIONS)}")
    chosen = [name for name in SECTIONS if name not in without]
    if not chosen:
        raise MienError("every section is left out; keep at least one")
    return chosen


def render_report(contents: Contents, sections: Sequence[Section]) -> str:
    """Return the page.

    Args:
        contents: What it is about.
        sections: Its sections; those without parts are left out.

    Raises:
        MissingExtraError: If Jinja2 is not installed.
    """
    shows_faces = any(block.kind == "faces" for section in sections for part in section.parts for block in part.blocks)
    return render_page(
        files(__package__).joinpath("report.html.j2").read_text(encoding="utf-8"),
        names=[each.name for each in contents.models],
        sections=[section for section in sections if section.parts],
        shows_faces=shows_faces,
        version=mien.__version__,
        date=f"{datetime.now(UTC):%Y-%m-%d}",
    )
