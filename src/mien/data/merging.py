"""Several sets as one, with each row's origin kept; and auxiliary sets that join the training split only."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mien.data.audit.copies import group_copies
from mien.data.face_set import FaceSet
from mien.data.pictures import PictureFiles, concatenate_pictures
from mien.data.vocabulary import Outside, to_vocabulary
from mien.errors import DataError
from mien.expressions import order_expressions


def merge_sets(
    sets: Sequence[FaceSet],
    expressions: Sequence[str] | str | None = None,
    name: str | None = None,
    *,
    outside: Outside = "refuse",
) -> FaceSet:
    """Return several sets as one, in their order, each row with its set in the column ``data_set``.

    Labels are mapped by name. Every history line has the name of its set in front. Columns that a set lacks are empty
    in its rows. A subject of the same name in two sets counts as one person, which can only keep more rows together.
    Votes are kept where all sets have the same vote columns. The splits of the result are nobody's published ones, so
    copies across them are an error when training.

    Args:
        sets: The sets, each of another name, with pictures of one shape or all in files.
        expressions: Name of a vocabulary, or the classes one by one; None takes the classes of all sets.
        name: Name of the result; None joins the names with ``+``.
        outside: What to do with rows outside `expressions`: ``refuse`` or ``drop``.

    Raises:
        DataError: If there are no sets, two have one name, pictures differ in shape (the message says which), or rows
            lie outside the classes and are not to be dropped.
    """
    _check_names(sets)
    chosen = expressions if expressions is not None else _all_expressions(sets)
    mapped = [to_vocabulary(each, chosen, outside=outside)[0] for each in sets]
    if len(mapped) == 1:
        return replace(_with_origin(mapped[0]), name=name or mapped[0].name)
    pictures = concatenate_pictures([each.pictures for each in mapped])
    if pictures is None:
        shapes = ", ".join(f"{each.name} {_describe_pictures(each)}" for each in mapped)
        raise DataError(f"pictures differ: {shapes}; prepare them to one size and colour first")
    names = " + ".join(f"{each.name} {len(each):,}" for each in mapped)
    lines = [f"{each.name}: {line}" for each in mapped for line in each.history]
    votes, vote_names, votes_line = _join_votes(mapped)
    return FaceSet(
        name=name or "+".join(each.name for each in mapped),
        pictures=pictures,
        labels=np.concatenate([each.labels for each in mapped]),
        expressions=mapped[0].expressions,
        splits=np.concatenate([each.splits for each in mapped]),
        row_ids=_join_row_ids(mapped),
        origins=np.concatenate([each.origins for each in mapped]),
        votes=votes,
        vote_names=vote_names,
        columns=_join_columns([_with_origin(each) for each in mapped]),
        history=(*lines, f"merged: {names}", *votes_line),
        has_published_splits=False,
    )


def merge_auxiliary(
    main: FaceSet,
    others: Sequence[FaceSet],
    name: str | None = None,
    *,
    outside: Outside = "refuse",
    copies: Literal["drop", "refuse"] = "drop",
) -> FaceSet:
    """Return a set with auxiliary sets added to its training split; its validation and test split stay as they are.

    All rows of the auxiliary sets become training, whatever split they had. Those with a picture identical to one of
    validation or test are dropped or refused, so that nothing judged later was trained on by this way; the main set's
    own copies across its splits are left as they are, and so is the word on whether its splits are published. Only
    identical pixels are found here: prepare all sets alike first, and let the audit look for near copies. The main
    set's votes are kept; rows of an auxiliary set without the same vote columns count as without a vote.

    Args:
        main: The set that is judged; its classes are kept.
        others: Auxiliary sets.
        name: Name of the result; None joins the names with ``+``.
        outside: What to do with auxiliary rows outside the main set's classes: ``refuse`` or ``drop``.
        copies: What to do with auxiliary rows identical to a validation or test picture of the main set.

    Raises:
        DataError: As `merge_sets`, or if there are copies and they are refused.
    """
    if not others:
        raise DataError(f"no auxiliary sets to add to {main.name}; expected at least one")
    as_training = [_with_votes_as(main, _to_training(each)) for each in others]
    merged = merge_sets([main, *as_training], main.expressions, name, outside=outside)
    is_auxiliary = np.arange(len(merged)) >= len(main)
    groups = group_copies(merged)
    is_judged = ~is_auxiliary & (merged.splits != "training")
    is_copy = is_auxiliary & np.isin(groups, groups[is_judged])
    count = int(is_copy.sum())
    if count and copies == "refuse":
        raise DataError(
            f"{count:,} auxiliary pictures stand in validation or test of {main.name}, the first "
            f"{merged.row_ids[np.flatnonzero(is_copy)[0]]}; drop them with copies = 'drop'"
        )
    line = f"auxiliary rows join training only; {count:,} with a copy in validation or test of {main.name} dropped"
    return replace(merged.select(~is_copy, line), has_published_splits=main.has_published_splits)


def _check_names(sets: Sequence[FaceSet]) -> None:
    names = [each.name for each in sets]
    if not names:
        raise DataError("no sets to merge; expected at least one")
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise DataError(f"two sets to merge are called {repeated!r}; give each a name of its own")


def _all_expressions(sets: Sequence[FaceSet]) -> tuple[str, ...]:
    first = sets[0].expressions
    everything = order_expressions(name for each in sets for name in each.expressions)
    return first if set(first) == set(everything) else everything


def _describe_pictures(face_set: FaceSet) -> str:
    if isinstance(face_set.pictures, PictureFiles):
        return "in files"
    height, width = face_set.pictures.shape[1:3]
    colour = "grey" if face_set.pictures.ndim == 3 else "RGB"
    return f"{width}x{height} {colour} {face_set.pictures.dtype}"


def _with_origin(face_set: FaceSet) -> FaceSet:
    if "data_set" in face_set.columns:
        return face_set
    return replace(face_set, columns={**face_set.columns, "data_set": np.full(len(face_set), face_set.name)})


def _join_columns(sets: Sequence[FaceSet]) -> dict[str, NDArray[np.str_]]:
    names = dict.fromkeys(name for each in sets for name in each.columns)
    return {
        name: np.concatenate([each.columns.get(name, np.full(len(each), "", dtype="U1")) for each in sets])
        for name in names
    }


def _join_row_ids(sets: Sequence[FaceSet]) -> NDArray[np.str_]:
    joined = np.concatenate([each.row_ids for each in sets])
    if len(np.unique(joined)) == len(joined):
        return joined
    return np.concatenate([np.char.add(f"{each.name}/", each.row_ids) for each in sets])


def _join_votes(sets: Sequence[FaceSet]) -> tuple[NDArray[np.int64] | None, tuple[str, ...], tuple[str, ...]]:
    votes = [each.votes for each in sets if each.votes is not None]
    if not votes:
        return None, (), ()
    if len(votes) < len(sets) or len({each.vote_names for each in sets}) > 1:
        return None, (), ("votes left out: not all sets have the same vote columns",)
    return np.concatenate(votes), sets[0].vote_names, ()


def _with_votes_as(main: FaceSet, other: FaceSet) -> FaceSet:
    if main.votes is None or other.vote_names == main.vote_names:
        return other
    nobody = np.zeros((len(other), len(main.vote_names)), dtype=np.int64)
    line = f"no votes for {', '.join(main.vote_names)}"
    return replace(other, votes=nobody, vote_names=main.vote_names, history=(*other.history, line))


def _to_training(face_set: FaceSet) -> FaceSet:
    moved = int((face_set.splits != "training").sum())
    line = (f"{moved:,} rows of other splits made training",) if moved else ()
    splits = np.full(len(face_set), "training", dtype="U10")
    return replace(face_set, splits=splits, history=(*face_set.history, *line))
