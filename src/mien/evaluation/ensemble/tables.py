"""An ensemble as lines and rows of text; the command line prints them."""

import math
from collections.abc import Sequence

from mien.evaluation.ensemble.building import BuiltEnsemble
from mien.evaluation.ensemble.combinations import Tree
from mien.evaluation.ensemble.worth import Gain, MemberWorth
from mien.evaluation.tables import percent


def member_rows(members: Sequence[MemberWorth]) -> list[list[str]]:
    """Return what each model is to an ensemble as rows of text, the header first.

    Args:
        members: What was measured.
    """
    header = ["run", "weight", "accuracy alone", "ensemble without it", "answers otherwise than others"]
    return [header] + [
        [
            each.name,
            "-" if math.isnan(each.weight) else f"{each.weight:.3f}",
            _percent(each.accuracy),
            _percent(each.accuracy_without),
            _percent(each.disagreement),
        ]
        for each in members
    ]


def ensemble_lines(built: BuiltEnsemble) -> list[str]:
    """Return what a new ensemble is and what it gains, one line each.

    Args:
        built: The ensemble with what was measured.
    """
    recipe, expressions = built.ensemble.recipe, built.ensemble.facts["expressions"]
    lines = [
        f"{recipe.method}: {len(recipe.members)} of {len(built.members)} runs, views: {', '.join(recipe.views)}; "
        f"accuracy {percent(built.accuracy)} on the {built.num_rows:,} validation rows that chose it, which judges "
        "nothing"
    ]
    if isinstance(recipe.combination, Tree):
        lines.append(f"asks for {', then '.join(expressions[number] for number in recipe.combination.order)}")
    return [*lines, gain_line(built.gain), f"saved as {built.ensemble.folder}"]


def gain_line(gain: Gain) -> str:
    """Return what was gained as one line.

    Args:
        gain: What choosing on one half and judging on the other gave.
    """
    line = f"chosen on one half, judged on the other, both ways: accuracy {percent(gain.accuracy)}"
    if not gain.single_models:
        return f"{line}; no single run answers all classes"
    singles = " and ".join(dict.fromkeys(gain.single_models))
    low, high = gain.interval
    return (
        f"{line}, the best single run so chosen ({singles}) {percent(gain.single_accuracy)}: "
        f"{100 * gain.difference:+.2f} points (95 % interval {100 * low:+.2f} to {100 * high:+.2f})"
    )


def _percent(share: float) -> str:
    return "-" if math.isnan(share) else percent(share)
