"""The data room: readers of data sets, their audit and their splits, all in terms of one ``FaceSet``."""

from mien.data.face_set import FaceSet
from mien.data.merging import merge_auxiliary, merge_sets
from mien.data.registry import DATASETS, DatasetCard, find_dataset_option_faults, read_dataset, register_dataset
from mien.data.vocabulary import to_vocabulary

__all__ = [
    "DATASETS",
    "DatasetCard",
    "FaceSet",
    "find_dataset_option_faults",
    "merge_auxiliary",
    "merge_sets",
    "read_dataset",
    "register_dataset",
    "to_vocabulary",
]
