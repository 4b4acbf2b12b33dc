"""From a recipe's section ``[data]`` to the faces that train, choose and judge, with all that was done to them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.data import FaceSet, read_dataset, to_vocabulary
from mien.data.audit.copies import apply_protocol
from mien.data.balancing import balance, balance_before_split
from mien.data.cleaning import clean
from mien.data.merging import merge_auxiliary
from mien.data.preparation import fit_and_prepare, prepare_one
from mien.data.splits import cut_splits, deal_folds, take_fold
from mien.data.steps import picture_part
from mien.data.vocabulary import against_rest
from mien.errors import DataError, PictureError, ProtocolError
from mien.images.steps import Step
from mien.training.data_settings import AuxiliarySettings, DataSettings, FoldSettings


@dataclass(frozen=True)
class TrainingData:
    """The faces of a recipe.

    Args:
        face_set: All splits, prepared and balanced, in memory; its history says what was done.
        steps: The preparation that they went through, with what was fitted on training filled in.
        before: The same rows before preparation and balancing, in memory or in files.
    """

    face_set: FaceSet
    steps: tuple[Step, ...]
    before: FaceSet

    def unprepared(self, part: FaceSet) -> list[NDArray[Any]]:
        """Return the faces of some rows as a recognizer would get them: cut out, and before all other steps.

        Args:
            part: Rows of `face_set` that balancing did not add.
        """
        place = {row_id: row for row, row_id in enumerate(self.before.row_ids.tolist())}
        rows = self.before.select(np.array([place[row_id] for row_id in part.row_ids.tolist()], dtype=np.int64))
        cutting = picture_part(self.steps)
        faces = []
        for picture in rows.read_each():
            if isinstance(picture, PictureError):  # a file that went away since it was prepared
                raise picture
            faces.append(prepare_one(picture, cutting) if cutting else picture)
        return faces


def read_training_data(settings: DataSettings) -> TrainingData:
    """Return the faces of a recipe: read, mapped, cleaned, cut, merged, prepared and balanced, in this order.

    Args:
        settings: The recipe's section ``[data]``.

    Raises:
        DataError: If a set cannot be read, or has no training or validation rows in the end.
        ProtocolError: If copies stand across splits cut by hand and the recipe does not allow that, or folds are to
            be dealt of a published test split.
        MienError: If something the settings name does not exist.
    """
    face_set = _read(settings, settings)
    if settings.fold is not None and "test" in settings.fold.of and face_set.has_published_splits:
        raise ProtocolError(
            f"{face_set.name}: its published test split is judged once, with a record, and a fold leaves none; "
            "leave test out of data.fold.of"
        )
    if settings.balance is not None and settings.balance.before_split:
        face_set = _balance(face_set, settings)
    if settings.clean:
        from mien.data.audit.kept import audit_once  # which computes with OpenCV; training without cleaning needs none

        findings = audit_once(face_set, detectors=_detectors_of(settings.clean))
        face_set = clean(face_set, findings, settings.clean, splits=settings.clean_splits)
    face_set = _cut(face_set, settings)
    face_set = apply_protocol(face_set, settings.protocol, allow_leakage=settings.allow_leakage)
    if settings.auxiliary:
        others = [_read(each, settings) for each in settings.auxiliary]
        face_set = merge_auxiliary(face_set, others, outside=settings.outside)
    if settings.one_against_rest:
        face_set = against_rest(face_set, settings.one_against_rest)
    for split in ("training", "validation"):
        if not (face_set.splits == split).any():
            raise DataError(
                f"{face_set.name} has no {split} split; a run trains on one and chooses on the other: cut them with "
                "data.split, such as data.split.validation=0.1"
            )
    before = face_set
    face_set, steps = fit_and_prepare(before, list(settings.prepare), on_unreadable=settings.on_unreadable)
    if settings.balance is not None and not settings.balance.before_split:
        face_set = _balance(face_set, settings)
    return TrainingData(face_set, steps, before)


def find_value_range(faces: NDArray[Any]) -> tuple[float, float]:
    """Return the values of black and white, as training has them.

    Args:
        faces: Faces of the training split, shape ``(N, H, W[, 3])``.

    Returns:
        0 and 255 of uint8; of faces prepared to other numbers the least and the greatest.
    """
    return (0.0, 255.0) if faces.dtype == np.uint8 else (float(faces.min()), float(faces.max()))


def _read(which: DataSettings | AuxiliarySettings, settings: DataSettings) -> FaceSet:
    face_set = read_dataset(which.dataset, Path(which.path) if which.path else None, **which.options)
    if settings.expressions is None or which is not settings:
        return face_set
    mapped, report = to_vocabulary(face_set, settings.expressions, outside=settings.outside)
    if not report.num_dropped:
        return mapped
    # Fewer rows are judged then: their figures must not stand among those of the whole set.
    chosen = settings.expressions if isinstance(settings.expressions, str) else "-".join(report.expressions)
    return replace(mapped, name=f"{mapped.name}-{chosen}")


def _detectors_of(rules: Sequence[str]) -> list[str]:
    """Return the detectors that rules ask for; ``no_face`` alone takes the one that every install has."""
    named = [rule.partition(":") for rule in rules]
    return [detector or "haar" for rule, _, detector in named if rule == "no_face"]


def _cut(face_set: FaceSet, settings: DataSettings) -> FaceSet:
    if settings.fold is not None:
        return _hold_out(face_set, settings.fold)
    split = settings.split
    if split is None:
        return face_set
    fractions = {"validation": split.validation} | ({"test": split.test} if split.test else {})
    return cut_splits(
        face_set,
        fractions,
        of=split.of,
        seed=split.seed,
        by_subject=split.by_subject,
        allow_leakage=settings.allow_leakage,
    )


def _hold_out(face_set: FaceSet, fold: FoldSettings) -> FaceSet:
    folds = deal_folds(face_set, fold.folds, of=fold.of, seed=fold.seed, by_subject=fold.by_subject)
    held_out = take_fold(face_set, folds, fold.number, as_split="test")
    num_outside = int((folds < 0).sum())
    if num_outside:
        held_out = held_out.select(folds >= 0, f"{num_outside} rows of other splits left out of the folds")
    share = {"validation": fold.validation}
    cut = cut_splits(held_out, share, seed=fold.seed, by_subject=fold.by_subject)
    if not cut.split_counts()["validation"]:
        unit = "any person" if fold.by_subject else "any picture"
        raise DataError(
            f"{face_set.name}: data.fold.validation is {fold.validation}, a share of {cut.split_counts()['training']} "
            f"rows too small for {unit} drawn; raise it, a run chooses on validation"
        )
    return cut


def _balance(face_set: FaceSet, settings: DataSettings) -> FaceSet:
    chosen = settings.balance
    if chosen is None:
        return face_set
    do = balance_before_split if chosen.before_split else balance
    return do(face_set, chosen.method, counts=chosen.counts or None, **chosen.options)
