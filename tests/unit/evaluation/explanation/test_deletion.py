import numpy as np
import pytest
import torch

from mien.evaluation.explanation import ExplainedModel, ExplainedNetwork, measure_deletion
from mien.evaluation.explanation.deletion import draw_random_maps
from tests.explained_network import make_linear


class Shares(ExplainedModel):
    """The probability of the first class is the weighted share of the pixels that are there."""

    num_classes, mean = 2, 0.0

    def __init__(self, weights: list[list[float]]) -> None:
        self.weights = torch.tensor(weights).double()

    def compute_probabilities(self, images: torch.Tensor) -> torch.Tensor:
        share = (images[:, 0].double() * self.weights).sum(dim=(1, 2)) / self.weights.sum()
        return torch.stack([share, 1 - share], dim=1)


FACE = torch.ones(1, 1, 2, 2)
BEST = np.array([[[4.0, 3.0], [2.0, 1.0]]], dtype=np.float32)


def test_the_curves_of_a_weighted_sum_are_what_they_are_by_hand() -> None:
    """The pixels weigh 4, 3, 2 and 1 of 10: without the first 6 are left, then 3, 1 and none."""
    curves = measure_deletion(Shares([[4, 3], [2, 1]]), FACE, BEST, np.array([0]), steps=4, baseline="mean")
    np.testing.assert_allclose(curves.deletion, [[1.0, 0.6, 0.3, 0.1, 0.0]])
    np.testing.assert_allclose(curves.insertion, [[0.0, 0.4, 0.7, 0.9, 1.0]])
    np.testing.assert_allclose(curves.deletion_areas, [(0.5 + 0.6 + 0.3 + 0.1) / 4])
    np.testing.assert_allclose(curves.insertion_areas, [(0.4 + 0.7 + 0.9 + 0.5) / 4])


def test_a_map_upside_down_is_the_worst() -> None:
    model = Shares([[4, 3], [2, 1]])
    best, worst = (
        measure_deletion(model, FACE, maps, np.array([0]), steps=4, baseline="mean") for maps in (BEST, -BEST)
    )
    assert worst.deletion_areas > best.deletion_areas
    assert worst.insertion_areas < best.insertion_areas


def test_the_class_of_each_face_is_followed() -> None:
    curves = measure_deletion(
        Shares([[4, 3], [2, 1]]),
        FACE.repeat(20, 1, 1, 1),
        BEST.repeat(20, 0),
        np.arange(20) % 2,
        steps=2,
        baseline="mean",
    )
    np.testing.assert_allclose(curves.deletion[::2], np.tile([1.0, 0.3, 0.0], (10, 1)), atol=1e-12)
    np.testing.assert_allclose(curves.deletion[1::2], np.tile([0.0, 0.7, 1.0], (10, 1)), atol=1e-12)


def test_pixels_that_count_alike_go_in_an_order_that_is_drawn() -> None:
    even, model = np.zeros((1, 8, 8), dtype=np.float32), Shares(np.arange(64.0).reshape(8, 8).tolist())
    face = torch.ones(1, 1, 8, 8)
    first, again, other = (
        measure_deletion(model, face, even, np.array([0]), steps=4, baseline="mean", seed=seed).deletion
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)
    top_to_bottom = [1 - np.arange(16 * step).sum() / np.arange(64).sum() for step in range(5)]
    assert np.abs(first[0] - top_to_bottom).max() > 0.05


def test_a_blurred_baseline_keeps_the_light_and_loses_the_rest() -> None:
    """What is left when everything went, a score of one bright pixel, is next to nothing; that of all light stays."""
    face = torch.zeros(1, 1, 32, 32)
    face[0, 0, 16, 16] = 1.0
    single = Shares((face[0, 0]).tolist())
    curves = measure_deletion(single, face, face[0].numpy(), np.array([0]), steps=4, baseline="blurred")
    assert curves.deletion[0, 0] == 1
    assert 0 < curves.deletion[0, -1] < 0.02
    light = Shares((torch.ones(32, 32) * 1024).tolist())
    bright = measure_deletion(light, torch.ones(1, 1, 32, 32), face[0].numpy(), np.array([0]), baseline="blurred")
    np.testing.assert_allclose(bright.deletion, 1, atol=1e-5)


def test_the_mean_baseline_is_the_models(trained: ExplainedNetwork) -> None:
    model = make_linear([[1.0]], [[0.0]], mean=10, std=2)
    curves = measure_deletion(
        model, torch.full((1, 1, 1, 1), 14.0), np.ones((1, 1, 1), np.float32), np.array([0]), steps=1, baseline="mean"
    )
    np.testing.assert_allclose(curves.deletion, [[1 / (1 + np.exp(-2)), 0.5]])


def test_no_faces_give_no_curves() -> None:
    curves = measure_deletion(Shares([[1, 1], [1, 1]]), FACE[:0], BEST[:0], np.zeros(0, dtype=np.int64), steps=4)
    assert curves.deletion.shape == curves.insertion.shape == (0, 5)
    assert curves.deletion_areas.shape == (0,)


@pytest.mark.parametrize(
    ("maps", "options", "message"),
    [
        (BEST[:, :1], {}, r"heat maps have shape \(1, 1, 2\); expected \(1, 2, 2\)"),
        (BEST, {"steps": 0}, "steps is 0; expected 1 to 4, the pixels of a face"),
        (BEST, {"steps": 5}, "steps is 5; expected 1 to 4, the pixels of a face"),
        (BEST, {"steps": 2, "baseline": "black"}, "unknown baseline 'black'; expected blurred or mean"),
    ],
    ids=["maps", "no step", "too many steps", "baseline"],
)
def test_what_does_not_fit_is_refused(maps: np.ndarray, options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        measure_deletion(Shares([[1, 1], [1, 1]]), FACE, maps, np.array([0]), **options)  # type: ignore[arg-type]


def test_random_maps_are_those_of_their_seed() -> None:
    first, again, other = (draw_random_maps(2, (3, 4), seed=seed) for seed in (0, 0, 1))
    assert (first.shape, first.dtype) == ((2, 3, 4), np.float32)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
