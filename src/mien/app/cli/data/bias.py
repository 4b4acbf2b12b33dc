"""``mien data bias``: whether a classifier can tell data sets apart."""

from typing import Annotated

import typer

from mien.app.cli.data import data_app
from mien.app.dataset_arguments import DatasetArguments, OnUnreadable, read_several


@data_app.command()
def bias(
    data_sets: DatasetArguments,
    *,
    rows: Annotated[int, typer.Option(help="Most faces of each data set.")] = 1000,
    folds: Annotated[int, typer.Option(help="Parts that are each answered by what was fitted to the others.")] = 5,
    steps: Annotated[
        str, typer.Option(help="Steps that come first, such as crop_face, where pictures are no faces yet.")
    ] = "",
    on_unreadable: Annotated[
        OnUnreadable, typer.Option(help="What happens to rows that cannot be read or have no face.")
    ] = OnUnreadable.REFUSE,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draws.")] = 0,
) -> None:
    """Ask of each face which data set it is from: the better a classifier tells, the more each has of its own.

    Draws as many faces of each data set and expression, none of a test split and none that stands in several, makes
    them grey and 48 pixels wide, and fits a linear classifier to their gradients, textures and brightness.
    """
    from mien.app.figures import print_rows
    from mien.evaluation.dataset_bias import measure_dataset_bias
    from mien.evaluation.dataset_bias_tables import bias_confusion_rows, bias_expression_rows, bias_lines

    report = measure_dataset_bias(
        read_several(data_sets), rows=rows, folds=folds, steps=steps, on_unreadable=on_unreadable.value, seed=seed
    )
    for line in bias_lines(report):
        print(line)
    print("confusion matrix: true data sets down, answers across")
    print_rows(bias_confusion_rows(report))
    print_rows(bias_expression_rows(report))
