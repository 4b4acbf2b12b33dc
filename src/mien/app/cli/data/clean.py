"""``mien data clean``: what each rule of cleaning would drop from a data set."""

import csv
import io
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mien.app.cli.data import data_app
from mien.app.dataset_arguments import DatasetName, DatasetPath, ReaderOptions, read_named

if TYPE_CHECKING:
    from mien.data.audit import Findings
    from mien.data.cleaning import Cleaning


@data_app.command()
def clean(
    dataset: DatasetName,
    path: DatasetPath = None,
    options: ReaderOptions = None,
    *,
    rules: Annotated[
        str,
        typer.Option(help="Rules with commas between, such as conflicting_labels,exact_duplicates; listed without."),
    ] = "",
    splits: Annotated[
        str, typer.Option(help="Splits that may lose rows, with commas between, or all; other than training is judged.")
    ] = "training",
    findings: Annotated[
        Path | None,
        typer.Option(help="findings.parquet of this set's audit; the set is audited, once, if left out."),
    ] = None,
    detector: Annotated[
        list[str] | None, typer.Option(help="Who looks for faces in a new audit, if the rule no_face is named.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="CSV file for the rows that would go, each with its rule.")
    ] = None,
) -> None:
    """Print how many rows rules of cleaning drop from each split; the data set itself stays as it is.

    Rules run in the order in which they are listed, each on what the ones before left.
    """
    from mien.app.cli.data.audit import choose_detectors, find_with_progress
    from mien.app.figures import print_rows
    from mien.data.audit import Findings
    from mien.data.audit.kept import audit_once
    from mien.data.cleaning import RULES, name_splits, order_rules, plan_cleaning
    from mien.writing import write_atomically

    named = order_rules([rule.strip() for rule in rules.split(",") if rule.strip()])
    chosen_splits = name_splits("all" if splits == "all" else [split.strip() for split in splits.split(",")])
    if not named:
        print_rows([["rule", "drops"], *([name, rule.summary] for name, rule in RULES.items())], num_text_columns=2)
        return
    face_set = read_named(dataset, path, options)
    if findings is not None:
        seen = Findings.load(findings)
        seen.check(face_set)
    else:
        needs_detector = any(rule.partition(":")[0] == "no_face" for rule in named)
        detectors = choose_detectors(detector) if needs_detector else []
        seen = find_with_progress(partial(audit_once, face_set, detectors=detectors), len(face_set))
    cleaning = plan_cleaning(seen, named, splits=chosen_splits)
    print_rows(_count_rows(seen, cleaning))
    for line in cleaning.history_lines():
        if line.startswith("WARNING"):
            print(line)
    if output is not None:
        print(f"written: {write_atomically(output, _list_dropped(seen, cleaning))}")


def _count_rows(findings: "Findings", cleaning: "Cleaning") -> list[list[str]]:
    """Return rules and what each drops, as rows of text, the header first and what is left last."""
    from mien.data.face_set import SPLITS

    splits = [split for split in SPLITS if (findings.splits == split).any()]
    rows = [["rule", *splits, "all"]]
    for rule, counts in cleaning.counts.items():
        rows.append([rule, *(f"{counts[split]:,}" for split in splits), f"{sum(counts.values()):,}"])
    left = [int((cleaning.is_kept & (findings.splits == split)).sum()) for split in splits]
    return [*rows, ["left", *(f"{count:,}" for count in left), f"{sum(left):,}"]]


def _list_dropped(findings: "Findings", cleaning: "Cleaning") -> str:
    """Return the rows that go as CSV."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["row_id", "origin", "split", "label", "rule"])
    for row in (~cleaning.is_kept).nonzero()[0].tolist():
        label = findings.expressions[findings.labels[row]]
        writer.writerow(
            [findings.row_ids[row], findings.origins[row], findings.splits[row], label, cleaning.dropped_by[row]]
        )
    return buffer.getvalue()
