"""The report's sections that measure a run anew: calibration and its sets, members of ensembles, robustness."""

from collections.abc import Callable, Sequence
from dataclasses import asdict

from mien.errors import MienError
from mien.evaluation.calibration import measure_calibration, set_rows
from mien.evaluation.conformal import SetFigures
from mien.evaluation.ensemble import Ensemble
from mien.evaluation.ensemble.building import measure_ensemble
from mien.evaluation.ensemble.tables import gain_line, member_rows
from mien.evaluation.ensemble.worth import Gain
from mien.evaluation.explanation.tiles import as_file_name
from mien.evaluation.pictures.robustness import plot_robustness
from mien.evaluation.report.blocks import Block, Download, Part, Plot, Plots, Table, Words, to_csv
from mien.evaluation.report.contents import Contents
from mien.evaluation.report.gathering import ReportedModel
from mien.evaluation.report.plots import to_plot
from mien.evaluation.robustness import RobustnessReport, measure_robustness, robustness_lines, robustness_rows
from mien.evaluation.robustness.tables import robustness_csv
from mien.evaluation.tables import figure_text

_PLOT_COLUMNS = 2


def make_calibration(contents: Contents) -> Sequence[Part]:
    """Return every calibrator's figures and those of conformal sets: of runs on validation, of records on test."""
    parts = [Part(each.name, _blocks_or_refusal(_measure_calibration, each)) for each in contents.models]
    return [part for part in parts if part.blocks]


def make_ensembles(contents: Contents) -> Sequence[Part]:
    """Return what each member of each ensemble is to it, and what all gain."""
    parts = [Part(each.name, _blocks_or_refusal(_tell_ensemble, each)) for each in contents.models]
    return [part for part in parts if part.blocks]


def make_robustness(contents: Contents) -> Sequence[Part]:
    """Return accuracy and calibration on corrupted faces of validation, models side by side and each for itself."""
    reports: dict[str, RobustnessReport] = {}
    refusals = []
    for each in contents.models:
        if each.model is None:
            continue
        try:
            reports[each.name] = measure_robustness(
                each.model, rows=contents.rows, results_folder=contents.results_folder, seed=contents.seed
            )
        except MienError as error:
            refusals.append(f"{each.name}: {error}")
    if not reports:
        return [Part("", (Words(tuple(refusals)),))] if refusals else []
    rows = max(each.clean.all_rows.num_rows for each in reports.values())
    words = (
        f"Sixteen corruptions at five strengths each, on {rows:,} faces spread over validation; the temperature is "
        "that of clean validation. Columns 1 to 5 are accuracies in per cent, by strength; what follows are means over "
        "the strengths."
    )
    curves = Plots(tuple(_draw_robustness(name, report) for name, report in reports.items()))
    parts = [Part("", (Words((words, *refusals)), *_tabulate_side_by_side(reports), curves))]
    parts += [Part(name, _tell_robustness(name, report)) for name, report in reports.items()]
    return parts


def _blocks_or_refusal(
    make: Callable[[ReportedModel], tuple[Block, ...]], reported: ReportedModel
) -> tuple[Block, ...]:
    try:
        return make(reported)
    except MienError as error:
        return (Words((str(error),)),)


def _measure_calibration(reported: ReportedModel) -> tuple[Block, ...]:
    blocks: list[Block] = []
    stem = as_file_name(reported.name)
    if reported.model is not None:
        report = measure_calibration(reported.model)
        lines: list[list[object]] = [list(asdict(report.calibrators[0]))]
        lines += [list(asdict(each).values()) for each in report.calibrators]
        caption = "Calibrators on validation, each row calibrated by what was fitted on other folds"
        file = Download(f"{stem}-validation-calibrators.csv", to_csv(lines))
        blocks.append(Table(caption, report.calibrator_rows(), file))
        blocks.append(Words((f"Least log loss: {report.best}. Figures elsewhere on this page use the temperature.",)))
        caption = f"Conformal sets on validation, calibrator {report.calibrator}, halves fitted on each other"
        blocks.append(_tabulate_sets(report.sets, caption, f"{stem}-validation-sets.csv"))
    for answered in reported.answered:
        if answered.record is not None and answered.record.content.get("sets"):
            sets = [SetFigures(**each) for each in answered.record.content["sets"]]
            caption = f"Conformal sets on test, fitted on validation ({answered.record.file.stem})"
            blocks.append(_tabulate_sets(sets, caption, f"{stem}-test-sets.csv"))
    return tuple(blocks)


def _tabulate_sets(sets: Sequence[SetFigures], caption: str, file_name: str) -> Table:
    header = ["sets", "asked", "num_rows", "coverage", "low", "high", "mean_size", "share_empty"]
    lines: list[list[object]] = [[*header, *sets[0].coverage_per_class]]
    for each in sets:
        figures = [each.asked, each.num_rows, each.coverage, *each.coverage_interval, each.mean_size, each.share_empty]
        lines.append([each.method, *figures, *each.coverage_per_class.values()])
    return Table(caption, set_rows(sets), Download(file_name, to_csv(lines)))


def _tell_ensemble(reported: ReportedModel) -> tuple[Block, ...]:
    ensemble = reported.model
    if not isinstance(ensemble, Ensemble):
        return ()
    members = measure_ensemble(ensemble)
    lines: list[list[object]] = [list(asdict(members[0])), *(list(asdict(each).values()) for each in members)]
    recipe = ensemble.recipe
    words = [f"Chosen by the method {recipe.method}; views: {', '.join(recipe.views)}."]
    gain = ensemble.facts.get("half_against_half")
    if gain is not None:
        line = gain_line(Gain(**gain))
        words.append(f"{line[0].upper()}{line[1:]}.")
    table = Table(
        "What each member is to the ensemble, on the validation rows that chose it, which flatters",
        member_rows(members),
        Download(f"{as_file_name(reported.name)}-members.csv", to_csv(lines)),
    )
    return (table, Words(tuple(words)))


def _tabulate_side_by_side(reports: dict[str, RobustnessReport]) -> tuple[Block, ...]:
    if len(reports) < 2:
        return ()
    names = [each.name for each in next(iter(reports.values())).corruptions]
    means = {
        name: [each.mean("accuracy") for each in report.corruptions] + [report.mean_corruption_accuracy()]
        for name, report in reports.items()
    }
    drops = {name: [reports[name].relative_drop(mean) for mean in means[name]] for name in reports}
    heads = [f"{name}\n{words}" for name in reports for words in ("mean accuracy", "drop")]
    rows = [["corruption", *heads]]
    lines: list[list[object]] = [["corruption", *(head.replace("\n", ", ") for head in heads)]]
    for place, corruption in enumerate([*names, "all"]):
        values = [number for name in reports for number in (means[name][place], drops[name][place])]
        rows.append([corruption, *(figure_text("accuracy", each) for each in values)])
        lines.append([corruption, *values])
    return (Table("Mean accuracy over strengths, and share of the clean accuracy that is lost", rows,
                  Download("robustness.csv", to_csv(lines))),)  # fmt: skip


def _draw_robustness(name: str, report: RobustnessReport) -> Plot:
    worst = min(report.corruptions, key=lambda each: each.mean("accuracy"))
    return to_plot(
        plot_robustness(report, columns=_PLOT_COLUMNS),
        alt=f"Accuracy and calibration error of {name} over the strength of each corruption; worst: {worst.name}",
        caption=name,
    )


def _tell_robustness(name: str, report: RobustnessReport) -> tuple[Block, ...]:
    file = Download(f"{as_file_name(name)}-validation-robustness.csv", robustness_csv(report, number_format=""))
    table = Table(f"{name} on corrupted faces of validation", robustness_rows(report), file)
    return (table, Words(tuple(robustness_lines(report))))
