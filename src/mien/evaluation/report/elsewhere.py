"""The report's sections on faces that are not the data set's own crops: in scenes, and of other data sets."""

from collections.abc import Sequence

from mien.errors import MienError
from mien.evaluation.cross_dataset import cross_dataset_lines, cross_dataset_rows, judge_across
from mien.evaluation.cross_dataset.tables import cross_dataset_csv, judged_data_set_lines
from mien.evaluation.end_to_end import (
    EndToEndReport,
    end_to_end_lines,
    end_to_end_rows,
    find_model_file,
    group_rows,
    measure_end_to_end,
    open_faces,
)
from mien.evaluation.end_to_end.tables import end_to_end_csv
from mien.evaluation.explanation.tiles import as_file_name
from mien.evaluation.pictures.end_to_end import plot_end_to_end
from mien.evaluation.report.blocks import Block, Download, Part, Plot, Plots, Table, Words
from mien.evaluation.report.contents import Contents
from mien.evaluation.report.gathering import ReportedModel
from mien.evaluation.report.plots import to_plot


def make_end_to_end(contents: Contents) -> Sequence[Part]:
    """Return what the exported files of runs answer on faces in scenes of validation, found by each detector."""
    return [Part(each.name, _measure_scenes(each, contents)) for each in contents.models if each.model is not None]


def make_across(contents: Contents) -> Sequence[Part]:
    """Return what runs answer on the other data sets that were named; no part where none was."""
    if not contents.others:
        return []
    return [Part(each.name, _judge_others(each, contents)) for each in contents.models if each.model is not None]


def _measure_scenes(reported: ReportedModel, contents: Contents) -> tuple[Block, ...]:
    try:
        model_file = find_model_file(str(reported.place))
        opened = open_faces(model_file, rows=contents.rows)
        report = measure_end_to_end(opened, seed=contents.seed)
    except MienError as error:
        return (Words((str(error),)),)
    file = Download(f"{as_file_name(reported.name)}-validation-end-to-end.csv", end_to_end_csv(report))
    return (
        Words(tuple(end_to_end_lines(report))),
        Table("Faces in scenes, by detector", end_to_end_rows(report), file),
        Table("The same by size of the face and by background", group_rows(report), file, num_text_columns=2),
        Plots((_draw_scenes(reported.name, report),)),
    )


def _draw_scenes(name: str, report: EndToEndReport) -> Plot:
    return to_plot(
        plot_end_to_end(report),
        alt=f"Share of faces found, and answered rightly, by {name} over the side of the face, for each detector",
        caption=name,
    )


def _judge_others(reported: ReportedModel, contents: Contents) -> tuple[Block, ...]:
    if reported.model is None:
        return ()
    try:
        report = judge_across(reported.model, contents.others, results_folder=contents.results_folder)
    except MienError as error:
        return (Words((str(error),)),)
    file = Download(f"{as_file_name(reported.name)}-across.csv", cross_dataset_csv(report))
    told = (Words((f"{each.data_set}:", *judged_data_set_lines(each)[1:])) for each in report.judged)
    return (
        Words(tuple(cross_dataset_lines(report))),
        Table("Trained on one data set, judged on others", cross_dataset_rows(report), file),
        *told,
    )
