"""The report: one HTML page that judges one or several models side by side; ``mien report`` writes it."""

from mien.evaluation.report.blocks import table_part
from mien.evaluation.report.page import SECTIONS, SectionMaker, write_report

__all__ = ["SECTIONS", "SectionMaker", "table_part", "write_report"]
