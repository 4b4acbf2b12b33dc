"""Which data set is this? A classifier that tells faces of data sets apart shows what each has of its own.

`mien data bias` prints what it finds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mien.data import FaceSet
from mien.data.audit.copies import group_copies
from mien.data.gathering import OnUnreadable
from mien.data.merging import merge_sets
from mien.data.preparation import prepare_set
from mien.data.splits import deal_folds
from mien.data.steps import check_steps
from mien.errors import DataError
from mien.evaluation.cross_dataset.shared_classes import is_expression, meaning_of
from mien.images.preparation import prepare_faces
from mien.images.steps import WrittenSteps
from mien.metrics.classification import confusion_matrix
from mien.metrics.row_figures import FEWEST_ROWS
from mien.metrics.share import Share
from mien.models.hog_lbp import HogLbp

SIDE = 48
"""Side of the faces that are compared, in pixels: that of FER2013's."""

_THUMBNAIL = 16
_MACHINE = {"C": 0.1, "tol": 0.01, "dual": False, "random_state": 0}
"""As the estimator ``hog_lbp_svm`` has it: the solver of the primal problem is deterministic."""


@dataclass(frozen=True)
class BiasReport:
    """How well a classifier tells from which data set a face is.

    Args:
        data_sets: Names of the data sets.
        num_faces: Faces of each, as many of each expression in all.
        num_copies: Faces of each that were left out because another has the identical picture.
        by_expression: For each expression that all sets have, how many of its faces were told rightly.
        confusion_matrix: Counts, rows the true data sets, columns the answers.
        folds: Parts that were each answered by a classifier fitted to the others.
        seed: Seed of the draws.
    """

    data_sets: tuple[str, ...]
    num_faces: int
    num_copies: tuple[int, ...]
    by_expression: dict[str, Share]
    confusion_matrix: tuple[tuple[int, ...], ...]
    folds: int
    seed: int

    @property
    def told(self) -> Share:
        """How many faces were told rightly."""
        return Share(
            sum(row[place] for place, row in enumerate(self.confusion_matrix)), self.num_faces * len(self.data_sets)
        )

    @property
    def chance(self) -> float:
        """Accuracy of guessing, 0 to 1."""
        return 1 / len(self.data_sets)

    @property
    def has_few_faces(self) -> bool:
        """Whether each data set has fewer than `FEWEST_ROWS` faces here."""
        return self.num_faces < FEWEST_ROWS


def measure_dataset_bias(
    sets: Sequence[FaceSet],
    *,
    rows: int = 1000,
    folds: int = 5,
    steps: WrittenSteps = (),
    on_unreadable: OnUnreadable = "refuse",
    seed: int = 0,
) -> BiasReport:
    """Return how well faces are told by their data set, by cross-validation.

    Test splits are left alone. Of each expression that all sets have, as many faces are drawn from each, so that
    neither numbers nor expressions give a set away; they are made grey and of one size. Pictures that stand in several
    sets are left out, copies and all faces of a known person stay in one fold.

    Source: Torralba and Efros, "Unbiased Look at Dataset Bias", 2011, https://doi.org/10.1109/CVPR.2011.5995347.
        Differs: a linear support-vector machine on `HogLbp` features and a thumbnail of 16 pixels.

    Args:
        sets: At least two sets, each of another name.
        rows: Most faces of each set; of an expression, at most its even share.
        folds: Parts that take turns in being answered.
        steps: Steps of preparation that come first, such as ``crop_face``.
        on_unreadable: What happens to rows that cannot be read or show no face: ``refuse`` or ``drop``.
        seed: Seed of the draws.

    Raises:
        DataError: If there are less than two sets, two have one name, `rows` is less than 1, they share no class, no
            face is left of one, or there are too few for the folds.
    """
    if len(sets) < 2 or len({each.name for each in sets}) < len(sets):
        names = ", ".join(each.name for each in sets) or "none"
        raise DataError(f"data sets to tell apart are {names}; expected at least two, each of another name")
    if rows < 1:
        raise DataError(f"rows is {rows}; expected at least 1 face of each data set")
    merged = _merge([_prepare(each, steps, on_unreadable) for each in sets])
    is_copy = _stand_in_several(merged)
    copies = tuple(int((is_copy & (merged.columns["data_set"] == each.name)).sum()) for each in sets)
    drawn = _draw(merged.select(~is_copy), [each.name for each in sets], copies, rows=rows, seed=seed)
    number = _number_sets(drawn, sets)
    fold = _deal(drawn, number, sets, folds=folds, seed=seed)
    answers = _answer(np.asarray(drawn.faces), number, fold)
    is_right = answers == number
    expressions = np.array(drawn.expressions)[drawn.labels]
    return BiasReport(
        tuple(each.name for each in sets),
        len(drawn) // len(sets),
        copies,
        {
            str(name): Share(int(is_right[expressions == name].sum()), int((expressions == name).sum()))
            for name in drawn.expressions
            if (expressions == name).any()
        },
        tuple(tuple(row) for row in confusion_matrix(number, answers, num_classes=len(sets)).tolist()),
        folds,
        seed,
    )


def _prepare(face_set: FaceSet, steps: WrittenSteps, on_unreadable: OnUnreadable) -> FaceSet:
    """Return the faces that are not of the test split, grey and of one size, in the classes' common names."""
    alike: list[dict[str, object]] = [{"operation": "to_grey"}, {"operation": "resize", "size_hw": [SIDE, SIDE]}]
    is_asked = face_set.splits != "test"
    if not is_asked.any():
        raise DataError(f"{face_set.name} has test rows alone, and those are left alone here")
    prepared = prepare_set(face_set.select(is_asked), [*check_steps(steps), *alike], on_unreadable=on_unreadable)
    return replace(prepared, expressions=tuple(meaning_of(name) for name in prepared.expressions), votes=None)


def _merge(sets: Sequence[FaceSet]) -> FaceSet:
    shared = [name for name in sets[0].expressions if all(name in each.expressions for each in sets[1:])]
    shared = [name for name in shared if is_expression(name)]
    if not shared:
        listed = "; ".join(f"{each.name} has {', '.join(each.expressions)}" for each in sets)
        raise DataError(f"the data sets have no expression in common, of which as many faces could be drawn: {listed}")
    return merge_sets([_keep_classes(each, shared) for each in sets])


def _keep_classes(face_set: FaceSet, shared: Sequence[str]) -> FaceSet:
    """Return the rows of shared classes, every face with a person: its own name stands for an unknown one."""
    number = np.array([shared.index(name) if name in shared else -1 for name in face_set.expressions], dtype=np.int64)
    labels = number[face_set.labels]
    kept = face_set.select(labels >= 0)
    people = kept.columns.get("subject", np.full(len(kept), ""))
    named = np.where(people == "", kept.row_ids, people)
    return replace(
        kept,
        labels=labels[labels >= 0],
        expressions=tuple(shared),
        columns={
            "subject": np.char.add(f"{face_set.name}:", named),
            "data_set": np.full(len(kept), face_set.name),
        },
    )


def _stand_in_several(merged: FaceSet) -> NDArray[np.bool_]:
    """Return which rows have an identical picture in another data set."""
    groups, names = group_copies(merged), np.unique(merged.columns["data_set"], return_inverse=True)[1]
    _, first = np.unique(groups, return_index=True)
    is_elsewhere = names != names[first][groups]
    return np.isin(groups, groups[is_elsewhere])


def _draw(merged: FaceSet, names: Sequence[str], copies: Sequence[int], *, rows: int, seed: int) -> FaceSet:
    """Return as many faces of each data set and expression."""
    of_set = merged.columns["data_set"]
    for name, num_copies in zip(names, copies, strict=True):
        if not (of_set == name).any():
            raise DataError(
                f"{name}: no face is left to be told from others; {num_copies:,} were left out as another data set has "
                "the identical pictures"
            )
    cells = [
        [np.flatnonzero((of_set == name) & (merged.labels == label)) for name in names]
        for label in range(len(merged.expressions))
    ]
    num_shared = sum(min(map(len, cell)) > 0 for cell in cells)
    if not num_shared:
        raise DataError(f"{', '.join(names)}: no expression has faces in each of them")
    random = np.random.default_rng(seed)
    most = max(1, rows // num_shared)
    drawn = [random.permutation(of_one)[: min(most, *map(len, cell))] for cell in cells for of_one in cell]
    return merged.select(np.sort(np.concatenate(drawn)))


def _number_sets(drawn: FaceSet, sets: Sequence[FaceSet]) -> NDArray[np.int64]:
    names = [each.name for each in sets]
    return np.array([names.index(name) for name in drawn.columns["data_set"].tolist()], dtype=np.int64)


def _deal(
    drawn: FaceSet, number: NDArray[np.int64], sets: Sequence[FaceSet], *, folds: int, seed: int
) -> NDArray[np.int64]:
    """Return the fold of each face, all faces of a person and all copies of a picture in one."""
    names, smallest = tuple(each.name for each in sets), len(drawn) // len(sets)
    if smallest < folds:
        raise DataError(f"{smallest} faces of each data set for {folds} folds; expected at least as many faces")
    task = replace(drawn, labels=number, expressions=names, splits=np.full(len(drawn), "training"))
    fold = deal_folds(task, folds, seed=seed, by_subject=True)
    for name, of_set in ((name, fold[number == place]) for place, name in enumerate(names)):
        if (of_set == of_set[0]).all():
            raise DataError(f"{name}: all its faces are of so few people that one fold has them; expected more people")
    return fold


def _answer(faces: NDArray[np.uint8], number: NDArray[np.int64], fold: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the answered data set of each face, by a classifier fitted to the other folds."""
    from sklearn.model_selection import PredefinedSplit, cross_val_predict
    from sklearn.svm import LinearSVC

    thumbnails = prepare_faces(faces, [{"operation": "resize", "size_hw": [_THUMBNAIL] * 2, "filter": "area"}])
    # The thumbnail shows what gradients and textures do not: how bright the faces are.
    features = np.concatenate([HogLbp()(faces), thumbnails.reshape(len(faces), -1) / np.float32(255)], axis=1)
    answers: NDArray[np.int64] = cross_val_predict(LinearSVC(**_MACHINE), features, number, cv=PredefinedSplit(fold))
    return answers
