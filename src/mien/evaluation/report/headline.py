"""The report's first section: what a person wants to know of each model first."""

from collections.abc import Sequence

from mien.evaluation.predictors import load_predictor
from mien.evaluation.report.blocks import Card, Cards, Headline, Part, Words
from mien.evaluation.report.contents import Contents
from mien.evaluation.report.gathering import Answered, ReportedModel
from mien.evaluation.tables import kind_line, percent
from mien.metrics.human_accuracy import human_accuracy
from mien.metrics.row_figures import FEWEST_ROWS

_SHORT = 16
_PROTOCOLS = {
    "official": "official: the published splits as they are",
    "clean": "clean: training rows with a copy in another split are dropped",
    "own": "own: splits cut by hand",
}


def make_headline(contents: Contents) -> Sequence[Part]:
    """Return a card for each model, and how often people agree with the labels where that is known."""
    data_sets = dict.fromkeys(each.figures.data_set for each in contents.answered)
    lines = [
        f"People agree with the labels of {name} in {human.words}."
        for name in data_sets
        if (human := human_accuracy(name)) is not None
    ]
    cards = Cards(tuple(_make_card(model) for model in contents.models))
    return [Part("", (cards, Words(tuple(lines))))]


def _make_card(model: ReportedModel) -> Card:
    return Card(
        title=model.name,
        headlines=tuple(headline for each in model.answered for headline in _tell_accuracies(each)),
        warnings=(*model.remarks, *dict.fromkeys(line for each in model.answered for line in _warn(each))),
        facts=tuple(_list_facts(model)),
    )


def _tell_accuracies(answered: Answered) -> list[Headline]:
    figures = answered.figures
    sets = {"": figures.all_rows, " without a copy in training": figures.rows_without_copy}
    headlines = []
    for words, rows in sets.items():
        if rows is not None:
            low, high = rows.accuracy_interval
            headlines.append(
                Headline(
                    figure=percent(rows.accuracy),
                    beside=f"{100 * low:.2f} to {100 * high:.2f}, {rows.num_rows:,} rows of {figures.split}{words}",
                    words="" if words else kind_line(figures),
                )
            )
    return headlines


def _warn(answered: Answered) -> list[str]:
    figures = answered.figures
    few = [f"{each.expression} ({each.num_cases})" for each in figures.all_rows.per_class if each.has_few_cases]
    lines = ["Leaky: copies across splits were allowed."] if figures.is_leaky else []
    if figures.unknown_sources:
        lines.append(f"It began with {', '.join(figures.unknown_sources)}, whose source is unknown.")
    if figures.all_rows.has_few_rows:
        lines.append(f"Only {figures.all_rows.num_rows} rows of {figures.split}: such figures say little.")
    elif few:
        lines.append(f"Fewer than {FEWEST_ROWS} cases in {figures.split} of {', '.join(few)}: they say little.")
    if figures.rows_without_copy is None:
        lines.append(f"Every row of {figures.split} has a copy in training.")
    return lines


def _list_facts(model: ReportedModel) -> list[tuple[str, str]]:
    if not model.answered:
        return [("parameters", _count_parameters(model))]
    first = model.answered[0]
    answers = first.predictions
    facts = [
        ("data set", answers.data_set),
        ("protocol", _PROTOCOLS[answers.protocol]),
        ("views", f"{', '.join(answers.views)}, average of {answers.average}"),
        ("parameters", _count_parameters(model)),
        ("weights", answers.weights_fingerprint[:_SHORT]),
        ("recipe", answers.recipe_fingerprint[:_SHORT]),
        ("data", answers.data_fingerprint[:_SHORT]),
    ]
    records = [each.record.file.stem for each in model.answered if each.record is not None]
    return [*facts, ("record", ", ".join(records) or "none: test was not opened for these weights")]


def _count_parameters(model: ReportedModel) -> str:
    if model.model is not None:
        return f"{load_predictor(model.model).num_parameters:,}"
    (answered,) = model.answered
    number = None if answered.record is None else answered.record.content["num_parameters"]
    return "not recorded" if number is None else f"{number:,}"
