from typing import Any

import numpy as np
import pytest
import torch

from mien.errors import ExplanationError, MienError
from mien.evaluation.explanation import METHODS, ExplainedNetwork, MethodCard, explain_faces, load_explained
from mien.evaluation.explanation.method import FACES_AT_A_TIME
from mien.training import RunFolder
from tests.explained_network import make_linear, make_squares

CARD = METHODS.get("gradient").card


def test_a_card_that_needs_something_unknown_is_refused() -> None:
    with pytest.raises(ValueError, match="needs one of probabilities, gradients, feature map, attention; got 'luck'"):
        MethodCard(title="t", source="s", shows="x", needs="luck", cost="c")


def test_more_faces_than_one_part_are_explained_each_by_its_class() -> None:
    model = make_linear([[1.0, 2.0]], [[5.0, 3.0]])
    num_faces = FACES_AT_A_TIME + 3
    targets = np.arange(num_faces) % 2
    maps = explain_faces(model, torch.zeros(num_faces, 1, 1, 2), targets, method="gradient")
    np.testing.assert_allclose(maps[:, 0], np.array([[1, 2], [5, 3]])[targets])


def test_options_reach_the_method_and_the_seed_those_that_draw() -> None:
    faces, labels, _ = make_squares(1)
    weights = (1e-4 * torch.randn(2, 32, 32, generator=torch.Generator().manual_seed(0))).tolist()
    model = make_linear(*weights)
    coarse, fine = (explain_faces(model, faces, labels[:1], method="zeroing", side=side) for side in (16, 8))
    assert len(np.unique(coarse)) == 4
    assert len(np.unique(fine)) == 16


def test_another_seed_gives_another_map(trained: ExplainedNetwork) -> None:
    faces, labels, _ = make_squares(1)
    first, second = (
        explain_faces(trained, faces, labels, method="smooth_grad", seed=seed, samples=3) for seed in (0, 1)
    )
    assert not np.allclose(first, second)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "grad_cm"}, "unknown explanation method 'grad_cm'; did you mean 'grad_cam'?"),
        ({"method": "zeroing", "sied": 2}, "explanation method 'zeroing': sied: unknown option; did you mean 'side'?"),
        ({"method": "zeroing", "side": "two"}, "side: expected a whole number, found 'two'"),
        ({"method": "zeroing", "images": 1}, "images: set by explain_faces, not by hand"),
    ],
)
def test_unknown_methods_and_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(MienError, match=message):
        explain_faces(make_linear([[1.0]]), torch.zeros(1, 1, 1, 1), np.array([0]), **options)


@pytest.mark.parametrize(
    ("faces", "targets", "message"),
    [
        (
            torch.zeros(2, 1, 2),
            [0, 0],
            r"faces are torch.float32 \(2, 1, 2\); expected uint8 or float32 \(N, C, H, W\)",
        ),
        (torch.zeros(2, 1, 1, 2).double(), [0, 0], "faces are torch.float64"),
        (torch.zeros(2, 1, 1, 2), [0], r"targets have shape \(1,\); expected \(2,\), a class for each face"),
        (torch.zeros(2, 1, 1, 2), [0, 2], r"targets lie in 0\.\.2; expected 0\.\.1"),
    ],
    ids=["three axes", "float64", "too few", "no class"],
)
def test_faces_and_classes_that_do_not_fit_are_refused(faces: torch.Tensor, targets: list[int], message: str) -> None:
    model = make_linear([[1.0, 1.0]], [[2.0, 2.0]])
    with pytest.raises(ValueError, match=message):
        explain_faces(model, faces, np.array(targets), method="gradient")


def test_an_estimator_is_explained_by_what_asks_for_probabilities_alone(estimator_run: RunFolder) -> None:
    model = load_explained(estimator_run)
    faces = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (2, 1, 48, 48), dtype=np.uint8))
    maps = explain_faces(model, faces, np.array([0, 1]), method="occlusion")
    assert maps.std() > 0
    with pytest.raises(
        ExplanationError, match="gradient needs a network; an estimator is explained by: occlusion, zer"
    ):
        explain_faces(model, faces, np.array([0, 1]), method="gradient")
