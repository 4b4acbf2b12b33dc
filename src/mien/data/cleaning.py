"""Cleaning: dropping the rows that findings speak against, rule by rule, and saying how many went and why.

A rule touches the training split alone unless told otherwise: rows dropped from validation or test change what is
judged. Rules run in one order, whatever order they are named in, so that of several copies one is kept that no other
rule drops.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mien.data.audit.findings import Findings
from mien.data.audit.groups import has_other_in, is_repeated
from mien.data.audit.votes import LEAST_NOT_A_FACE_VOTES
from mien.data.face_set import SPLITS, FaceSet
from mien.errors import DataError, suggest

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Rule:
    """A rule of cleaning.

    Args:
        summary: Which rows it drops, in one line.
        find: From findings, the rule's argument and the rows that are left so far to the rows it would drop.
        argument: What may stand behind a colon after its name; empty if nothing may.
    """

    summary: str
    find: Callable[[Findings, str, Mask], Mask]
    argument: str = ""


@dataclass(frozen=True, eq=False)
class Cleaning:
    """Which rows cleaning drops, and by which rule.

    Args:
        rules: The rules in the order in which they run.
        splits: The splits that may lose rows.
        dropped_by: Rule that drops each row, shape ``(N,)``, str; empty for rows that stay.
        counts: By rule and split, how many rows go.
    """

    rules: tuple[str, ...]
    splits: tuple[str, ...]
    dropped_by: NDArray[np.str_]
    counts: Mapping[str, Mapping[str, int]]

    @property
    def is_kept(self) -> Mask:
        """Rows that stay, shape ``(N,)``."""
        result: Mask = self.dropped_by == ""
        return result

    @property
    def num_judged_dropped(self) -> int:
        """How many rows of validation and test go."""
        return sum(counts[split] for counts in self.counts.values() for split in ("validation", "test"))

    def history_lines(self) -> tuple[str, ...]:
        """Return a line for each rule, and a loud one first if rows of validation or test go."""
        lines = [f"cleaned by {rule}: {_name_counts(self.counts[rule])} dropped" for rule in self.rules]
        if self.num_judged_dropped:
            lines.insert(
                0,
                f"WARNING: cleaning dropped {self.num_judged_dropped:,} rows of validation and test; what is judged is "
                "no longer the published split",
            )
        return tuple(lines)


def plan_cleaning(findings: Findings, rules: Sequence[str], *, splits: Sequence[str] | str = ("training",)) -> Cleaning:
    """Return which rows the rules drop.

    Args:
        findings: What an audit saw.
        rules: Names of `RULES`, some with an argument behind a colon: ``outliers:brightness_high``, say.
        splits: Splits that may lose rows, or ``"all"``, as in studies that cleaned before splitting.

    Raises:
        DataError: If a rule, its argument or a split is unknown, or the findings lack what a rule asks for.
    """
    touched = name_splits(splits)
    may_go = np.isin(findings.splits, touched)
    is_left = np.ones(len(findings), dtype=bool)
    dropped_by = np.full(len(findings), "", dtype="U64")
    ordered = order_rules(rules)
    for rule in ordered:
        name, _, argument = rule.partition(":")
        goes = RULES[name].find(findings, argument, is_left) & may_go & is_left
        dropped_by[goes] = rule
        is_left &= ~goes
    counts = {
        rule: {split: int(((dropped_by == rule) & (findings.splits == split)).sum()) for split in SPLITS}
        for rule in ordered
    }
    return Cleaning(ordered, touched, dropped_by, counts)


def clean(
    face_set: FaceSet, findings: Findings, rules: Sequence[str], *, splits: Sequence[str] | str = ("training",)
) -> FaceSet:
    """Return the set without the rows that the rules drop; each rule's count stands in its history.

    Where rows of validation or test go, which the default never does, the splits no longer count as published.

    Args:
        face_set: The faces.
        findings: What the audit of this very set saw.
        rules: As for `plan_cleaning`.
        splits: As for `plan_cleaning`.

    Raises:
        DataError: If the findings are of another set, a rule, its argument or a split is unknown, the findings lack
            what a rule asks for, or no row would be left.
    """
    findings.check(face_set)
    cleaning = plan_cleaning(findings, rules, splits=splits)
    if len(face_set) and not cleaning.is_kept.any():
        raise DataError(f"{face_set.name}: cleaning by {', '.join(cleaning.rules)} would leave no row")
    kept = face_set.select(cleaning.is_kept)
    return replace(
        kept,
        history=(*face_set.history, *cleaning.history_lines()),
        has_published_splits=face_set.has_published_splits and not cleaning.num_judged_dropped,
    )


def order_rules(rules: Sequence[str]) -> tuple[str, ...]:
    """Return the rules in the order in which they run, each once.

    Args:
        rules: As for `plan_cleaning`.

    Raises:
        DataError: If a rule is unknown, or an argument stands behind one that takes none.
    """
    names = list(RULES)
    for rule in rules:
        name, colon, argument = rule.partition(":")
        if name not in RULES:
            raise DataError(f"no rule of cleaning is called {name!r}{suggest(name, RULES)}")
        if colon and not (argument and RULES[name].argument):
            expected = f"{name}:{RULES[name].argument.upper()}" if RULES[name].argument else name
            raise DataError(f"rule {rule!r} cannot be read; expected {expected}")
    return tuple(sorted(dict.fromkeys(rules), key=lambda rule: names.index(rule.partition(":")[0])))


def name_splits(splits: Sequence[str] | str) -> tuple[str, ...]:
    """Return the splits that may lose rows.

    Args:
        splits: One or several names, or ``"all"``.

    Raises:
        DataError: If a split is unknown.
    """
    if splits == "all":
        return SPLITS
    named = (splits,) if isinstance(splits, str) else tuple(splits)
    for split in named:
        if split not in SPLITS:
            raise DataError(f"unknown split {split!r}; expected {', '.join(SPLITS)} or all")
    return named


def _find_unreadable(findings: Findings, _argument: str, _left: Mask) -> Mask:
    return ~findings.is_readable


def _find_blank(findings: Findings, _argument: str, _left: Mask) -> Mask:
    return findings.is_near_blank


def _find_no_face(findings: Findings, argument: str, _left: Mask) -> Mask:
    if not findings.has_face:
        raise DataError("rule no_face: nobody looked for faces; audit the set with a detector")
    if argument and argument not in findings.has_face:
        raise DataError(f"rule no_face: {argument!r} did not look for faces; {', '.join(findings.has_face)} did")
    answers = [findings.has_face[argument]] if argument else list(findings.has_face.values())
    result: Mask = ~np.logical_or.reduce(answers)
    return result


def _find_voted_no_face(findings: Findings, argument: str, _left: Mask) -> Mask:
    if not (findings.not_a_face_votes >= 0).any():
        raise DataError(f"rule not_a_face_votes: {findings.data_set} has no such votes; read it with its votes")
    if argument and not argument.isdigit():
        raise DataError(f"rule not_a_face_votes: {argument!r} is no number of votes")
    least = int(argument) if argument else LEAST_NOT_A_FACE_VOTES
    result: Mask = findings.not_a_face_votes >= max(1, least)
    return result


def _find_outliers(findings: Findings, argument: str, _left: Mask) -> Mask:
    sides = {f"{measure}_{side}": marks == side for measure, marks in findings.outlier.items() for side in _SIDES}
    wanted = [mask for name, mask in sides.items() if name == argument or name.rpartition("_")[0] == argument]
    if argument and not wanted:
        known = [*findings.outlier, *sides]
        raise DataError(f"rule outliers: unknown outliers {argument!r}{suggest(argument, known)}")
    result: Mask = np.logical_or.reduce(wanted or list(sides.values()))
    return result


def _find_conflicting(findings: Findings, _argument: str, _left: Mask) -> Mask:
    return findings.has_label_conflict


def _find_copies_in_test(findings: Findings, _argument: str, left: Mask) -> Mask:
    is_judged = left & (findings.splits != "training")
    result: Mask = (findings.splits == "training") & has_other_in(findings.identical_group, is_judged)
    return result


def _find_near_copies_in_test(findings: Findings, _argument: str, _left: Mask) -> Mask:
    is_near = findings.near_in["validation"] | findings.near_in["test"]
    result: Mask = (findings.splits == "training") & is_near
    return result


def _find_repeated(groups: NDArray[np.int64], findings: Findings, left: Mask) -> Mask:
    """Return all rows but one of each group: one of test before validation before training, then the first."""
    ranks = np.array([_KEPT_FIRST.index(split) for split in findings.splits.tolist()], dtype=np.int64)
    order = np.argsort(ranks, kind="stable")
    order = order[left[order]]
    result = np.zeros(len(findings), dtype=bool)
    result[order] = is_repeated(groups[order])
    return result


def _find_exact_duplicates(findings: Findings, _argument: str, left: Mask) -> Mask:
    return _find_repeated(findings.identical_group, findings, left)


def _find_near_duplicates(findings: Findings, _argument: str, left: Mask) -> Mask:
    return _find_repeated(findings.near_group, findings, left)


_SIDES = ("low", "high")
_KEPT_FIRST = ("test", "validation", "training")

RULES: Mapping[str, Rule] = {
    "unreadable": Rule("pictures that cannot be read", _find_unreadable),
    "blank": Rule("black, blank and nearly blank pictures", _find_blank),
    "no_face": Rule("pictures in which no detector that was asked finds a face", _find_no_face, "detector"),
    "not_a_face_votes": Rule(
        f"pictures in which at least {LEAST_NOT_A_FACE_VOTES} annotators saw no face", _find_voted_no_face, "votes"
    ),
    "outliers": Rule(
        "outliers by brightness or contrast; 'brightness_high' alone is what a study did",
        _find_outliers,
        "measure, or measure_low or measure_high",
    ),
    "conflicting_labels": Rule("all copies of pictures whose copies have different labels", _find_conflicting),
    "copies_in_test": Rule("training rows with an identical picture in validation or test", _find_copies_in_test),
    "near_copies_in_test": Rule(
        "training rows with a nearly identical picture in validation or test", _find_near_copies_in_test
    ),
    "exact_duplicates": Rule(
        "identical pictures but one, which is of test before validation before training", _find_exact_duplicates
    ),
    "near_duplicates": Rule(
        "nearly identical pictures but one of each group, which is of test before validation before training",
        _find_near_duplicates,
    ),
}
"""Rules of cleaning by name, in the order in which they run."""


def _name_counts(counts: Mapping[str, int]) -> str:
    parts = [f"{count:,} {split}" for split, count in counts.items() if count]
    return f"{' and '.join(parts)} rows" if parts else "no rows"
