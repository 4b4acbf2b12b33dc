"""Campaigns as tables: the command line prints them, ``make tables`` writes them into docs/campaigns.md."""

from collections.abc import Sequence

from mien.evaluation.tables import markdown_table, percent
from mien.studies.campaign import Campaign
from mien.studies.campaign_results import Difference, RunResult, compare_with_baseline

_HEADER = (
    "variant",
    "training rows",
    "seeds",
    "accuracy",
    "lowest to highest",
    "without a copy in training",
    "macro-F1",
    "difference (95 % interval)",
)


def campaign_rows(campaign: Campaign, results: Sequence[RunResult]) -> list[list[str]]:
    """Return a campaign's variants as rows of text, the header first; figures are means over seeds.

    Args:
        campaign: The campaign.
        results: As `mien.studies.campaign_results.current_results` gives them.
    """
    differences = compare_with_baseline(campaign, results)
    rows = [list(_HEADER)]
    for variant in campaign.variants:
        group = [each for each in results if each.variant == variant]
        shown = _difference_text(differences.get(variant)) if variant != campaign.baseline else "compared with"
        rows.append([variant, *_figure_texts(group), shown if group else ""])
    return rows


def campaigns_markdown(campaigns: Sequence[tuple[Campaign, Sequence[RunResult]]]) -> str:
    """Return campaigns as one Markdown document.

    Args:
        campaigns: Campaigns with their results.
    """
    parts = [
        "# Campaigns",
        "Written by `make tables` from `campaigns/` and `results/campaigns/`. Each campaign trains variants of one "
        "recipe with\nseveral seeds; `mien campaign run FILE` trains what is missing. All figures are of the "
        "validation split, which chooses and\ndoes not judge; no test split was opened. Intervals are Student's, over "
        "seeds: where the difference would lie with other\nseeds, on these very rows.",
    ]
    for campaign, results in campaigns:
        changes = [f"- {name}: `{' '.join(change)}`" for name, change in campaign.variants.items() if change]
        parts += [
            f"## {campaign.name}",
            campaign.question,
            markdown_table(campaign_rows(campaign, results)),
            *([campaign.note] if campaign.note else []),
            f"All change `{campaign.recipe.name}`:\n\n" + "\n".join(changes),
        ]
    return "\n\n".join(parts) + "\n"


def _figure_texts(group: Sequence[RunResult]) -> list[str]:
    """Return the columns between the variant's name and its difference."""
    if not group:
        return ["", "0", "not trained yet", "", "", ""]
    accuracies = [each.accuracy for each in group]
    trained = sorted({each.num_training for each in group})
    return [
        " to ".join(f"{count:,}" for count in dict.fromkeys((trained[0], trained[-1]))),
        str(len(group)),
        percent(sum(accuracies) / len(group)),
        f"{100 * min(accuracies):.2f} to {100 * max(accuracies):.2f}" if len(group) > 1 else "",
        percent(sum(each.accuracy_without_copy for each in group) / len(group)),
        percent(sum(each.macro_f1 for each in group) / len(group)),
    ]


def _difference_text(difference: Difference | None) -> str:
    if difference is None:
        return "other rows"
    points = f"{100 * difference.difference:+.2f}"
    if difference.interval is None:
        return f"{points} (one seed)"
    low, high = difference.interval
    return f"{points} ({100 * low:+.2f} to {100 * high:+.2f})"
