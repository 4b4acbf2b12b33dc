from copy import deepcopy

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from mien.evaluation.explanation import (
    METHODS,
    ExplainedNetwork,
    MethodCard,
    compare_with_random_weights,
    explain_faces,
    randomize_weights,
)
from mien.evaluation.explanation.randomization import MOST_ALIKE
from mien.registry import Entry
from tests.explained_network import train_explained

Squares = tuple[torch.Tensor, np.ndarray, np.ndarray]


def test_the_likeness_is_scipys_rank_correlation_with_maps_of_random_weights(
    trained: ExplainedNetwork, squares: Squares
) -> None:
    faces, labels, _ = squares
    maps = explain_faces(trained, faces, labels, method="gradient")
    found = compare_with_random_weights(trained, faces, maps, labels, method="gradient", draws=2, seed=4)
    expected = []
    for seed in (4, 5):
        others = explain_faces(randomize_weights(trained, faces, seed=seed), faces, labels, method="gradient")
        expected.append(
            [abs(spearmanr(one.ravel(), other.ravel()).statistic) for one, other in zip(maps, others, strict=True)]
        )
    np.testing.assert_allclose(found, np.mean(expected, axis=0), atol=1e-9)


def test_maps_that_never_look_at_the_network_are_found_out(
    trained: ExplainedNetwork, squares: Squares, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Edges of the face look like an explanation and are none: they are the same for any weights."""

    def find_edges(model: ExplainedNetwork, images: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return images[:, 0] - images[:, 0].roll(1, dims=2)

    card = MethodCard(title="edges", source="s", shows="x", needs="gradients", cost="none")
    entry = Entry("edges", find_edges, card, "here")
    monkeypatch.setitem(METHODS._by_any_name, "edges", entry)
    faces, labels, _ = squares
    maps = explain_faces(trained, faces, labels, method="edges")
    likeness = compare_with_random_weights(trained, faces, maps, labels, method="edges", draws=1)
    np.testing.assert_allclose(likeness, 1)
    assert likeness.mean() > MOST_ALIKE


def test_an_even_map_is_like_no_other(trained: ExplainedNetwork, squares: Squares) -> None:
    faces, labels, _ = squares
    even = np.ones((9, 32, 32), dtype=np.float32)
    likeness = compare_with_random_weights(trained, faces, even, labels, method="gradient", draws=1)
    np.testing.assert_array_equal(likeness, np.zeros(9))


def test_all_weights_are_drawn_anew_by_the_seed_and_the_network_stays(squares: Squares) -> None:
    model = train_explained("genome_cnn")
    before = deepcopy(model.network.state_dict())
    first, again, other = (randomize_weights(model, squares[0], seed=seed) for seed in (0, 0, 1))
    assert all(torch.equal(value, before[name]) for name, value in model.network.state_dict().items())
    for name, weight in first.network.named_parameters():
        assert torch.equal(weight, again.network.get_parameter(name))
        if weight.ndim > 1:
            assert not torch.allclose(weight, before[name]), name
            assert not torch.allclose(weight, other.network.get_parameter(name)), name
    assert not first.network.training


def test_weights_of_no_layer_are_drawn_with_their_own_mean_and_spread(squares: Squares) -> None:
    model = deepcopy(train_explained("genome_cnn"))
    loose = torch.nn.Parameter(5 + 2 * torch.randn(4000, generator=torch.Generator().manual_seed(0)))
    model.network.register_parameter("loose", loose)
    drawn = randomize_weights(model, squares[0]).network.get_parameter("loose").detach()
    assert not torch.allclose(drawn, loose)
    assert float(drawn.mean()) == pytest.approx(5, abs=0.2)
    assert float(drawn.std()) == pytest.approx(2, abs=0.2)


def test_a_random_network_sees_the_faces(trained: ExplainedNetwork, squares: Squares) -> None:
    """With batch norm's first statistics, its maps would fade layer by layer."""
    model = randomize_weights(trained, squares[0])
    features = model.network.forward_features(model.normalize(squares[0].float()))
    assert float(features.detach().std()) > 0.1
