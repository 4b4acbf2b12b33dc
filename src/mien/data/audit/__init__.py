"""The audit: what is wrong with a data set, row by row."""

from mien.data.audit.auditing import audit
from mien.data.audit.findings import Findings

__all__ = ["Findings", "audit"]
