"""The data room: readers of data sets, their audit and their splits, all in terms of one ``FaceSet``."""

from mien.data.face_set import FaceSet
from mien.data.registry import DATASETS, DatasetCard, read_dataset, register_dataset

__all__ = ["DATASETS", "DatasetCard", "FaceSet", "read_dataset", "register_dataset"]
