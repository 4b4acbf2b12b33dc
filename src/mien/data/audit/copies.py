"""Identical pictures within and across splits; the training and judging protocols ask here."""

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.data.face_set import FaceSet
from mien.errors import DataError, PictureError, ProtocolError

PROTOCOLS: tuple[str, ...] = ("official", "clean")


def group_identical(faces: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return a group number for each picture; identical pictures share one.

    Args:
        faces: Pictures, shape ``(N, H, W)`` or ``(N, H, W, 3)``, uint8.

    Returns:
        Group numbers, shape ``(N,)``, counted from 0 in order of first appearance.
    """
    numbers: dict[bytes, int] = {}
    return np.array([numbers.setdefault(digest, len(numbers)) for digest in _digests(faces)], dtype=np.int64)


def is_among(faces: NDArray[Any], others: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which pictures are identical to one of others, as a mask of shape ``(N,)``.

    Args:
        faces: Pictures, shape ``(N, H, W)`` or ``(N, H, W, 3)``.
        others: Pictures of the same shape and dtype, ``(M, ...)``.
    """
    known = set(_digests(others))
    return np.array([digest in known for digest in _digests(faces)], dtype=bool)


def group_copies(face_set: FaceSet) -> NDArray[np.int64]:
    """Return a group number for each row; rows with identical pictures share one.

    Pictures in files are decoded for it; one that cannot be read is like no other.

    Args:
        face_set: The faces, in memory or in files.

    Returns:
        Group numbers, shape ``(N,)``, counted from 0 in order of first appearance.
    """
    if face_set.is_in_memory:
        return group_identical(face_set.faces)
    numbers: dict[bytes, int] = {}
    groups = []
    for row, picture in enumerate(face_set.read_each()):
        if isinstance(picture, PictureError):
            content = f"unreadable {row}".encode()
        else:
            content = f"{picture.shape}".encode() + picture.tobytes()
        groups.append(numbers.setdefault(hashlib.blake2b(content, digest_size=16).digest(), len(numbers)))
    return np.array(groups, dtype=np.int64)


def rows_with_copy_in(face_set: FaceSet, split: str) -> NDArray[np.bool_]:
    """Return which rows have an identical picture among the *other* rows of ``split``.

    Args:
        face_set: The faces.
        split: ``training``, ``validation`` or ``test``.

    Returns:
        Mask of shape ``(N,)``.
    """
    groups = group_copies(face_set)
    is_inside = face_set.splits == split
    count_inside = np.bincount(groups[is_inside], minlength=groups.max(initial=-1) + 1)
    result: NDArray[np.bool_] = count_inside[groups] - is_inside.astype(np.int64) > 0
    return result


def apply_protocol(face_set: FaceSet, protocol: str, *, allow_leakage: bool = False) -> FaceSet:
    """Return the set as a protocol trains on it.

    ``official`` keeps the published rows. ``clean`` drops training rows with an identical picture in another split.
    Under both, any other copy across splits that were cut by hand is an error.

    Args:
        face_set: The faces with their splits.
        protocol: ``official`` or ``clean``.
        allow_leakage: Whether copies across splits of one's own are accepted; figures then say "leaky".

    Raises:
        DataError: If the protocol is unknown.
        ProtocolError: If pictures stand in two splits that were cut by hand.
    """
    if protocol not in PROTOCOLS:
        raise DataError(f"unknown protocol {protocol!r}; expected {' or '.join(PROTOCOLS)}")
    in_test = rows_with_copy_in(face_set, "test")
    leaks = (face_set.splits == "training") & (in_test | rows_with_copy_in(face_set, "validation"))
    if protocol == "clean":
        line = f"protocol clean: {int(leaks.sum())} training rows with a copy in validation or test dropped"
        face_set, leaks = face_set.select(~leaks, line), np.zeros(int((~leaks).sum()), dtype=bool)
        in_test = rows_with_copy_in(face_set, "test")
    leaks |= (face_set.splits == "validation") & in_test
    if leaks.any() and not face_set.has_published_splits and not allow_leakage:
        raise ProtocolError(
            f"{face_set.name}: {int(leaks.sum())} rows have an identical picture in another split; "
            "use protocol = 'clean', or allow_leakage = true and every figure will say 'leaky'"
        )
    return face_set


def _digests(faces: NDArray[Any]) -> Iterator[bytes]:
    return (hashlib.blake2b(np.ascontiguousarray(face).data, digest_size=16).digest() for face in faces)
