"""The audit of a data set: what is wrong with it, row by row, with the figures behind it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mien.data.audit.auditing import audit
    from mien.data.audit.findings import Findings

__all__ = ["Findings", "audit"]


def __getattr__(name: str) -> Any:
    """Import what is asked for: copies are looked for without what the whole audit computes with."""
    if name == "audit":
        from mien.data.audit.auditing import audit

        return audit
    if name == "Findings":
        from mien.data.audit.findings import Findings

        return Findings
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
