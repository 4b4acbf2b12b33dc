"""The audit itself: one look at each picture, then everything that follows from comparing rows."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from mien.data.audit.face_presence import find_faces
from mien.data.audit.findings import Findings
from mien.data.audit.groups import has_other_in
from mien.data.audit.label_conflicts import has_conflicting_label
from mien.data.audit.near_duplicates import LEAST_SIMILARITY
from mien.data.audit.near_rows import find_near_rows
from mien.data.audit.outliers import OUTLIER_MEASURES, REACH, find_whiskers, mark_outliers
from mien.data.audit.picture_facts import NEAR_BLANK_CONTRAST, look_at_pictures
from mien.data.audit.subjects import splits_of_subjects
from mien.data.audit.votes import count_not_a_face, disagrees_with_label, find_majorities
from mien.data.face_set import SPLITS, FaceSet

AUDIT_FORMAT = 1
"""Part of the key of findings that are kept: raised when the audit sees something else in the same rows than before."""

Progress = Callable[[str, int], None]
"""Called with what is being done and how many rows are done."""


def audit(
    face_set: FaceSet,
    *,
    detectors: Sequence[str] = (),
    model_files: Mapping[str, Path] | None = None,
    least_similarity: float | None = LEAST_SIMILARITY,
    near_blank_contrast: float = NEAR_BLANK_CONTRAST,
    reach: float = REACH,
    progress: Progress = lambda what, done: None,
) -> Findings:
    """Return what is wrong with a set, row by row.

    Args:
        face_set: The faces as they were read, in memory or in files; a picture that cannot be read is a finding.
        detectors: Searches for faces, such as ``haar``; each takes minutes for tens of thousands of pictures, once.
        model_files: Model file by detector, where it is not in its usual place.
        least_similarity: Similarity, up to 1, from which two pictures are nearly the same; None does not
            look for such.
        near_blank_contrast: Contrast below which a picture is nearly blank.
        reach: How far the whiskers reach, in heights of the box.
        progress: Called with what is being done and how many rows are done.

    Raises:
        DataError: If the pictures are prepared already, or no search has that name.
        MienError: If a detector's file is missing.
    """
    facts = look_at_pictures(face_set, report_done=partial(progress, "pictures looked at"))
    near = find_near_rows(
        face_set, facts, least_similarity=least_similarity, report_done=partial(progress, "pictures compared")
    )
    measures = {"brightness": facts.brightness, "contrast": facts.contrast}
    whiskers = {measure: find_whiskers(measures[measure], reach=reach) for measure in OUTLIER_MEASURES}
    majorities = find_majorities(face_set)
    has_face = {
        name: find_faces(
            face_set,
            name,
            model_file=(model_files or {}).get(name),
            report_done=partial(progress, f"pictures searched for faces by {name}"),
        )
        for name in dict.fromkeys(detectors)
    }
    return Findings(
        data_set=face_set.name,
        fingerprint=face_set.fingerprint,
        expressions=face_set.expressions,
        history=face_set.history,
        row_ids=face_set.row_ids,
        origins=face_set.origins,
        splits=face_set.splits,
        labels=face_set.labels,
        unreadable=facts.faults,
        identical_group=facts.identical,
        has_label_conflict=has_conflicting_label(facts.identical, face_set.labels),
        identical_in={split: has_other_in(facts.identical, face_set.splits == split) for split in SPLITS},
        near_group=near.group,
        near_row_id=near.row_ids,
        near_similarity=near.similarity,
        near_kind=near.kinds,
        near_in=near.in_splits,
        brightness=facts.brightness,
        contrast=facts.contrast,
        entropy=facts.entropy,
        sharpness=facts.sharpness,
        is_black=facts.is_black,
        is_near_blank=facts.contrast < near_blank_contrast,
        outlier={measure: mark_outliers(measures[measure], whiskers[measure]) for measure in OUTLIER_MEASURES},
        has_face=has_face,
        not_a_face_votes=count_not_a_face(face_set),
        votes_majority=majorities,
        disagrees_with_votes=disagrees_with_label(face_set, majorities),
        subject_in=splits_of_subjects(face_set),
        whiskers=whiskers,
        settings={
            "detectors": list(has_face),
            "least_similarity": least_similarity,
            "near_blank_contrast": near_blank_contrast,
            "reach": reach,
        },
    )
