"""The report's last section: what was asked of whom, in full, and the commands that do it again."""

import shlex
from collections.abc import Sequence
from pathlib import Path

import mien
from mien.evaluation.records import Record
from mien.evaluation.report.blocks import Block, Commands, Download, Part, Table, Words, to_csv
from mien.evaluation.report.contents import Contents
from mien.evaluation.report.gathering import Answered, ReportedModel
from mien.evaluation.report.mistakes import METHOD

_RULES = (
    "Models train on training. Everything is chosen on validation: epoch, recipe, calibrator, ensemble. "
    "Test is opened by mien evaluate --split test alone, which leaves a sealed record; this page read records and "
    "opened none. Figures stand twice: on all rows, and on those without an identical picture in training."
)


def make_protocol(contents: Contents) -> Sequence[Part]:
    """Return the rules, the facts behind each model's answers, and the commands."""
    facts = [_list_facts(each) for each in contents.answered]
    blocks: list[Block] = [Words((_RULES,))]
    if facts:
        names = max(facts, key=len)
        rows = [[name, *(each.get(name, "–") for each in facts)] for name in names]
        blocks.append(
            Table("Facts behind the answers", rows, Download("facts.csv", to_csv(rows)), num_text_columns=len(rows[0]))
        )
    return [Part("", tuple(blocks)), Part("Commands", (Commands(_list_commands(contents)),))]


def _list_facts(answered: Answered) -> dict[str, str]:
    answers, record = answered.predictions, answered.record
    seen = [f"{split} {how}" for split, how in answers.splits_seen.items()]
    return {
        "": answered.label,
        "protocol": answers.protocol,
        "splits seen": "; ".join(seen) or "none",
        "began with, learned from": "; ".join(str(each["source"]) for each in answers.forerunners) or "nothing",
        "views": f"{', '.join(answers.views)}; average of {answers.average}",
        "calibrator": "temperature" if record is None else record.calibrator,
        "seed": str(answers.seed),
        "weights": answers.weights_fingerprint,
        "recipe": answers.recipe_fingerprint,
        "data": answers.data_fingerprint,
        "versions": ", ".join(f"{name} {version}" for name, version in answers.versions.items()),
        "record": "none" if record is None else record.file.name,
    } | ({} if record is None else _list_seal(record))


def _list_seal(record: Record) -> dict[str, str]:
    content = record.content
    return {
        "sealed": str(content["created"]),
        "openings of this test before": str(content["openings_before"]),
        "SHA-256 of its predictions": str(content["predictions_sha256"]),
    }


def _list_commands(contents: Contents) -> tuple[str, ...]:
    lines = [f"mien report {' '.join(_tell(each.place) for each in contents.models)}  # mien {mien.__version__}"]
    for each in contents.models:
        lines += [f"mien {verb}" for verb in _list_verbs(each, contents)]
        lines += [f"mien results {_tell(answered.record.file)}" for answered in each.answered if answered.record]
    return tuple(lines)


def _list_verbs(reported: ReportedModel, contents: Contents) -> list[str]:
    if reported.model is None:
        return []
    place = _tell(reported.place)
    verbs = [f"evaluate {place} --split validation", f"calibrate {place}"]
    rows = "" if contents.rows is None else f" --rows {contents.rows}"
    verbs += [f"robustness {place}{rows}", f"end-to-end {place}{rows}"]
    if contents.others:
        verbs.append(f"cross-dataset {place} {' '.join(each.name for each in contents.others)}")
    return [*verbs, f"explain {place} --method {METHOD}"]


def _tell(place: Path) -> str:
    """Return a path for a shell, without the folders that are nobody else's business."""
    resolved = place.resolve()
    shown = resolved.relative_to(Path.cwd()) if resolved.is_relative_to(Path.cwd()) else Path(*resolved.parts[-2:])
    return shlex.quote(shown.as_posix())
