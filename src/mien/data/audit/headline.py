"""The figures of an audit that a person wants to see first, in words, beside what studies published."""

from dataclasses import dataclass

from mien.data.audit.key_figures import Figures
from mien.data.audit.published import published

_PAIRS_OF_SPLITS = (("validation", "training"), ("test", "training"), ("test", "validation"))


@dataclass(frozen=True)
class KeyFigure:
    """A figure that a person wants to see first.

    Args:
        name: What was counted.
        value: How many.
        beside: What was published, and by whom; empty where nothing was.
    """

    name: str
    value: int
    beside: str = ""

    def to_line(self) -> str:
        """Return the figure as a line of text."""
        return f"{self.name}: {self.value:,}" + (f"; published {self.beside}" if self.beside else "")


def key_figures(figures: Figures) -> list[KeyFigure]:
    """Return the figures that a person wants to see first.

    Args:
        figures: Figures of an audit.
    """
    return [
        KeyFigure("unreadable pictures", figures["unreadable"]["rows"]),
        *_of_identical(figures),
        *_across_splits(figures),
        KeyFigure("black pictures", figures["blank"]["black"]),
        KeyFigure("blank or nearly blank pictures, the black ones too", figures["blank"]["near_blank"]),
        *_of_outliers(figures),
        *(
            _figure(figures, f"pictures in which {search} finds a face", found["found"], f"faces_found {search}")
            for search, found in figures["faces"].items()
        ),
        *_of_votes(figures),
        KeyFigure(
            "rows of people who are seen in several splits", figures["subjects"]["rows_of_subjects_in_several_splits"]
        ),
    ]


def _of_identical(figures: Figures) -> list[KeyFigure]:
    identical = figures["identical"]
    of_classes = [
        _figure(figures, f"of these {expression}", count, f"redundant_copies {expression}")
        for expression, count in identical["redundant_by_class"].items()
        if published(figures["data_set"], f"redundant_copies {expression}")
    ]
    return [
        _figure(figures, "redundant copies of identical pictures", identical["redundant"], "redundant_copies"),
        *of_classes,
        KeyFigure("pictures whose copies have different labels", identical["conflicting_groups"]),
        _figure(figures, "rows of these", identical["conflicting_rows"], "conflicting_rows"),
        _figure(figures, "pairs of these with unequal labels", identical["unequal_pairs"], "unequal_pairs"),
    ]


def _across_splits(figures: Figures) -> list[KeyFigure]:
    identical, near, splits = figures["identical"], figures["near"], figures["splits"]
    looked_for_near = figures["settings"]["least_similarity"] is not None
    kinds = [("identical", identical["rows_with_copy_in"])]
    kinds += [("nearly identical", near["rows_with_near_copy_in"])] if looked_for_near else []
    result = [
        KeyFigure(f"{split} rows {kind} to one of {other}", counts[split][other])
        for split, other in _PAIRS_OF_SPLITS
        if splits[split] and splits[other]
        for kind, counts in kinds
    ]
    leaking = identical["training_rows_with_copy_in_another_split"]
    result.append(KeyFigure("training rows with an identical picture in another split", leaking))
    if looked_for_near:
        leaking = near["training_rows_with_near_copy_in_another_split"]
        result.append(KeyFigure("training rows with a nearly identical picture in another split", leaking))
        result.append(KeyFigure("rows with a nearly identical picture anywhere", near["rows"]))
    return result


def _of_outliers(figures: Figures) -> list[KeyFigure]:
    return [
        _figure(
            figures,
            f"outliers by {measure}, too {side}",
            rules[f"rows_{side}"]["marked"],
            f"outliers {measure} {side}",
        )
        for measure, rules in figures["outliers"].items()
        if measure != "any"
        for side in ("low", "high")
    ]


def _of_votes(figures: Figures) -> list[KeyFigure]:
    votes = figures["votes"]
    if not votes:
        return []
    return [
        KeyFigure(f"rows with at least {votes['least_not_a_face_votes']} votes for no face", votes["not_a_face_rows"]),
        KeyFigure("rows whose votes say another expression", votes["disagreeing_rows"]),
    ]


def _figure(figures: Figures, name: str, value: int, key: str) -> KeyFigure:
    known = published(figures["data_set"], key)
    if known is None:
        return KeyFigure(name, value)
    remark = f"; {known.remark}" if known.remark else ""
    return KeyFigure(name, value, f"{known.value:,} ({known.study}{remark})")
