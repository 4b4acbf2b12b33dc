"""The audit's report: one page that needs nothing beside it, with or without the pictures it is about."""

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from mien.data.audit.charts import draw_charts
from mien.data.audit.contact_sheets import SheetMaker
from mien.data.audit.findings import Findings, import_pyarrow
from mien.data.audit.headline import key_figures
from mien.data.audit.key_figures import count_findings
from mien.data.audit.remarks import find_remarks, worst_rows
from mien.data.face_set import SPLITS, FaceSet
from mien.pages import import_jinja2, render_page
from mien.plotting import new_figure
from mien.writing import write_all_atomically

MOST_TABLE_ROWS = 1000
"""So many rows, the worst, stand in the report's table; all stand in ``findings.parquet``."""

_TEMPLATE = "report.html.j2"


def render_report(face_set: FaceSet, findings: Findings, *, has_pictures: bool = True) -> str:
    """Return the report as an HTML page.

    Args:
        face_set: The faces that were audited.
        findings: What the audit saw in them.
        has_pictures: Whether pictures of the set appear in it; without, it may be published.

    Raises:
        DataError: If the findings are not of this set.
        MissingExtraError: If Jinja2 or matplotlib is not installed.
    """
    findings.check(face_set)
    figures = count_findings(findings)
    return render_page(
        files(__package__).joinpath(_TEMPLATE).read_text(encoding="utf-8"),
        filters={"number": _number, "percent": _percent, "level": _level},
        figures=figures,
        key_figures=key_figures(figures),
        splits=[split for split in SPLITS if figures["splits"][split]],
        charts=draw_charts(findings, figures),
        sheets=SheetMaker(face_set, findings).make_all() if has_pictures else {},
        has_pictures=has_pictures,
        searches=figures["faces"],
        table=_table_rows(findings),
        num_marked=_count_marked(findings),
    )


def write_audit(folder: Path, face_set: FaceSet, findings: Findings, *, has_pictures: bool = True) -> list[Path]:
    """Write ``audit.html``, ``findings.parquet`` and ``audit.json``, all of them or none, and return them.

    Whatever else lies in the folder stays.

    Args:
        folder: Folder to write into; it is made if it is missing.
        face_set: The faces that were audited.
        findings: What the audit saw in them.
        has_pictures: Whether pictures of the set appear in the report.

    Raises:
        DataError: If the findings are not of this set.
        MissingExtraError: If pyarrow, Jinja2 or matplotlib is not installed.
        MienError: If the place cannot be written.
    """
    page = render_report(face_set, findings, has_pictures=has_pictures)
    figures = json.dumps(count_findings(findings), indent=1, allow_nan=False)
    return write_all_atomically(
        folder, {"audit.html": page, "findings.parquet": findings.to_parquet(), "audit.json": figures + "\n"}
    )


def check_packages() -> None:
    """Do nothing if all packages are here that `write_audit` needs, so that an audit does not end in vain.

    Raises:
        MissingExtraError: If pyarrow, Jinja2 or matplotlib is not installed.
    """
    import_pyarrow()
    import_jinja2()
    new_figure(1, 1)


def _count_marked(findings: Findings) -> int:
    is_marked = np.zeros(len(findings), dtype=bool)
    for remark in find_remarks(findings):
        is_marked |= remark.is_true
    return int(is_marked.sum())


def _table_rows(findings: Findings) -> list[Mapping[str, Any]]:
    remarks = find_remarks(findings)
    return [
        {
            "row_id": findings.row_ids[row],
            "origin": findings.origins[row],
            "split": findings.splits[row],
            "label": findings.expressions[findings.labels[row]],
            "remarks": ", ".join(remark.text for remark in remarks if remark.is_true[row]),
            "weight": sum(remark.weight for remark in remarks if remark.is_true[row]),
            "brightness": _one_digit(findings.brightness[row]),
            "contrast": _one_digit(findings.contrast[row]),
            "near": findings.near_row_id[row],
            "similarity": "" if np.isnan(findings.near_similarity[row]) else f"{findings.near_similarity[row]:.3f}",
            "votes": "" if findings.not_a_face_votes[row] < 0 else int(findings.not_a_face_votes[row]),
        }
        for row in worst_rows(findings, remarks, at_most=MOST_TABLE_ROWS).tolist()
    ]


def _one_digit(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.1f}"


def _level(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _number(value: int) -> str:
    return f"{value:,}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"
