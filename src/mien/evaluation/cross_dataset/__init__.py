"""A run judged on other data sets: in the classes that both have, beside its own validation in the same classes."""

from mien.evaluation.cross_dataset.foreign_faces import ALL_BUT_TEST, SPLIT_CHOICES
from mien.evaluation.cross_dataset.judging import CrossDatasetReport, JudgedDataSet, judge_across
from mien.evaluation.cross_dataset.tables import (
    cross_dataset_lines,
    cross_dataset_rows,
    judged_data_set_lines,
    write_cross_dataset_csv,
)

__all__ = [
    "ALL_BUT_TEST",
    "SPLIT_CHOICES",
    "CrossDatasetReport",
    "JudgedDataSet",
    "cross_dataset_lines",
    "cross_dataset_rows",
    "judge_across",
    "judged_data_set_lines",
    "write_cross_dataset_csv",
]
