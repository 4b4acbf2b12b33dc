"""The zoo as the command line prints it and as ``docs/models.md`` shows it, from the registry alone."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mien.models.catalogue import NetworkFacts, Option
    from mien.models.estimator import Estimator, EstimatorCard
    from mien.models.summary import ModelSummary
    from mien.registry import Entry

COLUMNS = ("network", "study", "parameters", "GFLOPs", "input", "ships as")
_MOST_LAYERS = 48
_OWN = "mien's own"


def network_rows(
    facts: Sequence["NetworkFacts"],
    *,
    ships_as: Mapping[str, Sequence[str]],
    latency_ms: Callable[[str], float] | None = None,
) -> list[list[str]]:
    """Return one row of text a network, the header first.

    Args:
        facts: What is known about each.
        ships_as: Names of the shipped models by network.
        latency_ms: Measures a network's time for one picture; None leaves the column out.
    """
    header = list(COLUMNS)
    if latency_ms is not None:
        header.insert(4, "ms, one core")
    rows = [header]
    for each in facts:
        row = [
            each.name,
            ", ".join(each.card.studies) or _OWN,
            f"{each.summary.parameters:,}",
            f"{each.summary.gflops:.3g}",
            size_text(each.summary.input_size),
            ", ".join(ships_as.get(each.name, ())),
        ]
        if latency_ms is not None:
            row.insert(4, f"{latency_ms(each.name):.2f}")
        rows.append(row)
    return rows


def card_rows(
    facts: "NetworkFacts", *, ships_as: Sequence[str] = (), latency_ms: float | None = None
) -> list[tuple[str, str]]:
    """Return a network's card as pairs of a word and a text.

    Args:
        facts: What is known about it.
        ships_as: Names of the shipped models that are this network.
        latency_ms: Measured time for one picture on one core; None where it was not measured.
    """
    card, summary = facts.card, facts.summary
    rows = [
        ("network", facts.name),
        ("also called", ", ".join(facts.aliases) or "-"),
        ("what", facts.title),
        ("study", ", ".join(card.studies) or _OWN),
        ("source", card.source),
        ("input", size_text(summary.input_size)),
        ("further sizes", ", ".join(map(size_text, card.further_sizes)) or "-"),
        ("smallest", f"{facts.smallest_side}x{facts.smallest_side}"),
        ("parameters", f"{summary.parameters:,} with {summary.output_shape[-1]} classes"),
        ("GFLOPs", f"{summary.gflops:.4g}"),
        ("ships as", ", ".join(ships_as) or "-"),
        ("note", card.note or "-"),
    ]
    if latency_ms is not None:
        rows.insert(10, ("latency", f"{latency_ms:.2f} ms a picture, one core, torch, float32"))
    return rows


def estimator_card_rows(entry: "Entry[type[Estimator], EstimatorCard]") -> list[tuple[str, str]]:
    """Return an estimator's card as pairs of a word and a text.

    Args:
        entry: Its entry in the registry.
    """
    return [
        ("estimator", entry.name),
        ("what", (inspect.getdoc(entry.plugin) or "").partition("\n")[0]),
        ("study", ", ".join(entry.card.studies) or _OWN),
        ("source", entry.card.source),
        ("input", size_text(entry.card.input_size)),
        ("note", entry.card.note or "-"),
    ]


def option_rows(options: Sequence["Option"]) -> list[list[str]]:
    """Return a network's options as rows of text, the header first."""
    return [
        ["option", "default", "what it does"],
        *([option.name, _default_text(option.default), option.description] for option in options),
    ]


def layer_rows(summary: "ModelSummary", *, depth: int | None = None) -> list[list[str]]:
    """Return a network's modules as rows of text, the header first.

    Args:
        summary: What the network is made of.
        depth: Modules that lie deeper are left out; None goes as deep as fits on a screen or two.
    """
    depth = summary.depth_of_at_most(_MOST_LAYERS) if depth is None else depth
    return [
        ["layer", "kind", "output", "parameters", "GFLOPs"],
        *(
            [
                "  " * (layer.depth - 1) + layer.name.rpartition(".")[2],
                layer.kind,
                "-" if layer.output_shape is None else "x".join(map(str, layer.output_shape)),
                f"{layer.parameters:,}" if layer.parameters else "",
                f"{layer.gflops:.4f}" if layer.gflops >= 5e-5 else "",
            ]
            for layer in summary.down_to(depth)
        ),
    ]


def catalogue_markdown(
    facts: Sequence["NetworkFacts"],
    estimators: Sequence["Entry[type[Estimator], EstimatorCard]"] = (),
    *,
    ships_as: Mapping[str, Sequence[str]],
) -> str:
    """Return the whole zoo as a Markdown document: a table of all networks, then a card for each, then estimators.

    Args:
        facts: What is known about each network.
        estimators: Entries of the estimators.
        ships_as: Names of the shipped models by network.
    """
    from mien.evaluation.tables import markdown_table
    from mien.models.catalogue import find_options, find_shared_options

    rows = network_rows(facts, ships_as=ships_as)
    linked = [rows[0], *([f"[{row[0]}](#{row[0]})", *row[1:]] for row in rows[1:])]
    parts = [
        "# The networks",
        "Written by `make tables` from the registry. `mien models NAME` prints a card with its layers, and with "
        "`--draw FILE`\ndraws it. Parameters are the trainable ones with the classes of the study; GFLOPs count a "
        "multiply-add twice, for one\npicture of the size named.",
        markdown_table(linked, num_text_columns=2),
        "Every network takes the options below beside its own, and a recipe's section `[head]` puts a head of one's "
        "choice on\nany ([training.md](training.md)).",
        *_options_markdown(find_shared_options()),
    ]
    for each in facts:
        parts.append(f"## {each.name}\n\n{each.title}")
        shown = [row for row in card_rows(each, ships_as=ships_as.get(each.name, ())) if row[1] != "-"]
        parts.append("\n".join(f"- {word}: {text}" for word, text in shown if word not in ("network", "what")))
        parts += _options_markdown(each.options)
    if estimators:
        parts.append(
            "# Estimators\n\nClassical models, fitted in one go by `mien train` and judged by the same commands."
        )
    for entry in estimators:
        _, (_, title), *shown = estimator_card_rows(entry)
        parts.append(f"## {entry.name}\n\n{title}")
        parts.append("\n".join(f"- {word}: {text}" for word, text in shown if text != "-"))
        parts += _options_markdown(find_options(entry.plugin))
    return "\n\n".join(parts) + "\n"


def _options_markdown(options: Sequence["Option"]) -> list[str]:
    if not options:
        return []
    listed = [f"- `{name}` ({default}): {what}" for name, default, what in option_rows(options)[1:]]
    return ["\n".join(["Options, with their defaults:", "", *listed]).replace("``", "`")]


def size_text(size: tuple[int, int, int]) -> str:
    """Return ``(channels, height, width)`` as ``1x48x48``."""
    return "x".join(map(str, size))


def _default_text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else repr(value)
