"""Findings that the cache keeps: a run that starts, resumes or is judged does not wait for an audit made before.

Training and ``mien data clean`` call `audit_once`. An entry is one NumPy archive, which every install reads.
"""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL

from mien.data.audit.auditing import AUDIT_FORMAT, Progress, audit
from mien.data.audit.face_presence import describe_search
from mien.data.audit.findings import Findings
from mien.data.audit.near_duplicates import LEAST_SIMILARITY
from mien.data.audit.outliers import REACH
from mien.data.audit.picture_facts import NEAR_BLANK_CONTRAST
from mien.data.cache import DAMAGES, describe_rows
from mien.data.face_set import FaceSet
from mien.errors import MienError
from mien.places import cache_folder
from mien.writing import replacing

_FACTS = "facts as json"


def audit_once(
    face_set: FaceSet, *, detectors: Sequence[str] = (), progress: Progress = lambda what, done: None
) -> Findings:
    """Return what `audit` finds with its usual thresholds, from the cache where it was asked that before.

    A damaged entry is made anew, and a cache that cannot be written costs time, not the findings.

    Args:
        face_set: The faces, in memory or in files.
        detectors: Searches for faces, such as ``haar``.
        progress: Called with what is being done and how many rows are done; not where the cache has the answer.

    Raises:
        DataError: As for `audit`.
        MienError: If a detector's file is missing.
    """
    entry = cache_folder() / "findings" / f"{_describe(face_set, detectors)}.npz"
    with suppress(*DAMAGES):
        findings = _load(entry)
        findings.check(face_set)
        return findings
    findings = audit(face_set, detectors=detectors, progress=progress)
    with suppress(OSError, MienError), replacing(entry) as partial_file:
        arrays: dict[str, Any] = {_FACTS: np.array(findings.facts_as_json()), **findings.to_columns()}
        np.savez_compressed(partial_file, **arrays)
    return findings


def _load(entry: Path) -> Findings:
    with np.load(entry) as stored:  # zip members carry their own checksums
        columns = {name: stored[name] for name in stored.files}
    return Findings.from_columns(str(columns.pop(_FACTS)), columns)


def _describe(face_set: FaceSet, detectors: Sequence[str]) -> str:
    """Return what findings depend on: the set, thresholds, searches with their detectors' files, code and libraries."""
    parts = (
        str(AUDIT_FORMAT),
        face_set.fingerprint,
        describe_rows(face_set),
        str((LEAST_SIMILARITY, NEAR_BLANK_CONTRAST, REACH)),
        *(f"{name} {describe_search(face_set, name)}" for name in detectors),
        cv2.__version__,
        PIL.__version__,
    )
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]
