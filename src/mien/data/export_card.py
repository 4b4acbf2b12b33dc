"""The card of an exported set: what it holds, where it comes from, and what was done to it."""

from pathlib import Path

from mien.data.face_set import FaceSet

CARD_NAME = "README.md"
_MARK = "<!-- written by mien data export -->"


def write_card(file: Path, face_set: FaceSet, *, layout: str, source: str = "", licence: str = "") -> Path:
    """Write the card of a set.

    Args:
        file: File to write.
        face_set: The set as it was written.
        layout: What the files hold, and how they are read.
        source: Where the pictures come from.
        licence: Terms under which they are passed on.

    Returns:
        The file written.
    """
    file.write_text(card_markdown(face_set, layout=layout, source=source, licence=licence), encoding="utf-8")
    return file


def card_markdown(face_set: FaceSet, *, layout: str, source: str = "", licence: str = "") -> str:
    """Return the card of a set as Markdown.

    Args:
        face_set: The set as it was written.
        layout: What the files hold, and how they are read.
        source: Where the pictures come from.
        licence: Terms under which they are passed on.
    """
    splits = [split for split, count in face_set.split_counts().items() if count]
    facts = [
        f"- {_describe_faces(face_set)}",
        f"- splits: {', '.join(f'{count:,} {split}' for split, count in face_set.split_counts().items() if count)}"
        + ("" if face_set.has_published_splits else " (cut by hand, not the published ones)"),
        f"- files: {layout}",
        f"- fingerprint: `{face_set.fingerprint}`",
        f"- source: {source or 'not stated'}",
        f"- licence of the source: {licence or 'not stated; ask before passing the pictures on'}",
    ]
    by_split = {split: face_set.class_counts(split) for split in splits}
    table = ["| class | all |" + "".join(f" {split} |" for split in splits)]
    table.append("| --- | ---: |" + " ---: |" * len(splits))
    for expression, count in face_set.class_counts().items():
        cells = "".join(f" {by_split[split][expression]:,} |" for split in splits)
        table.append(f"| {expression} | {count:,} |{cells}")
    history = [f"{number}. {line}" for number, line in enumerate(face_set.history, 1)] or ["Nothing is recorded."]
    parts = [_MARK, f"# {face_set.name}", "\n".join(facts), "## Classes", "\n".join(table), "## What was done"]
    return "\n\n".join([*parts, "\n".join(history)]) + "\n"


def is_export(folder: Path) -> bool:
    """Return whether a folder holds a set that mien exported; only such a one may be overwritten.

    Args:
        folder: Any folder.
    """
    try:
        return (folder / CARD_NAME).read_text(encoding="utf-8").startswith(_MARK)
    except (OSError, UnicodeDecodeError):
        return False


def _describe_faces(face_set: FaceSet) -> str:
    if not face_set.is_in_memory:
        return f"{len(face_set):,} pictures of the sizes that they came in"
    height, width = face_set.faces.shape[1:3]
    colour = "grey" if face_set.faces.ndim == 3 else "RGB"
    return f"{len(face_set):,} faces of {width}x{height} pixels, {colour}, {face_set.faces.dtype}"
