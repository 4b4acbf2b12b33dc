import torch

from mien.benchmarks.made_up_training import make_faces
from mien.benchmarks.plain_loop import TenCrops, measure_plain_loop


def test_the_ratio_is_that_of_the_printed_rates() -> None:
    (measurement,) = measure_plain_loop(pictures=1, steps=1, rounds=1)
    assert measurement.value is not None
    assert measurement.value > 0
    assert (measurement.bound, measurement.is_upper) == (6, False)
    assert "crops/s against a plain loop's" in measurement.name


def test_each_face_gives_ten_normalised_crops() -> None:
    crops, label = TenCrops(make_faces(7, 7))[3]
    assert crops.shape == (10, 1, 40, 40)
    assert crops.dtype == torch.float32
    assert label == 3
    assert -2.01 < crops.min() < crops.max() < 2.01
