import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mien.errors import MienError
from mien.training.losses import LOSSES, build_loss

WEIGHTS = torch.tensor([2.0, 1.0, 0.5, 0.0])


@pytest.fixture
def outputs() -> Tensor:
    return torch.randn(6, 4, generator=torch.Generator().manual_seed(0)) * 2


@pytest.fixture
def labels() -> Tensor:
    return torch.tensor([0, 1, 2, 3, 1, 0])


def one_hot(labels: Tensor, classes: int = 4) -> Tensor:
    return F.one_hot(labels, classes).float()


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_cross_entropy_of_labels_is_torchs_bit_for_bit(
    outputs: Tensor, labels: Tensor, smoothing: float, weights: Tensor | None
) -> None:
    loss = build_loss("cross_entropy", label_smoothing=smoothing, class_weights=weights)
    expected = F.cross_entropy(outputs, labels, weight=weights, label_smoothing=smoothing)
    assert torch.equal(loss(outputs, one_hot(labels)), expected)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_cross_entropy_of_nearly_labels_is_nearly_that_of_labels(
    outputs: Tensor, labels: Tensor, smoothing: float, weights: Tensor | None
) -> None:
    """The way for probabilities gives what the way for labels gives, normalised by the sum of the weights too."""
    loss = build_loss("cross_entropy", label_smoothing=smoothing, class_weights=weights)
    nearly = one_hot(labels) * (1 - 1e-6) + 1e-6 / 4
    torch.testing.assert_close(loss(outputs, nearly), loss(outputs, one_hot(labels)), atol=2e-5, rtol=0)


def test_cross_entropy_of_probabilities_is_torchs(outputs: Tensor) -> None:
    targets = torch.rand(6, 4, generator=torch.Generator().manual_seed(1)).softmax(dim=1)
    loss = build_loss("cross_entropy", label_smoothing=0.1)
    torch.testing.assert_close(loss(outputs, targets), F.cross_entropy(outputs, targets, label_smoothing=0.1))


def test_cross_entropy_weighs_probabilities_by_class() -> None:
    outputs, targets = torch.tensor([[0.0, math.log(3)]]), torch.tensor([[0.5, 0.5]])
    loss = build_loss("cross_entropy", class_weights=torch.tensor([3.0, 1.0]))
    expected = (0.5 * 3 * math.log(4) + 0.5 * math.log(4 / 3)) / (0.5 * 3 + 0.5)
    assert float(loss(outputs, targets)) == pytest.approx(expected)


def test_mean_squared_error_is_torchs_on_probabilities(outputs: Tensor, labels: Tensor) -> None:
    loss = build_loss("mean_squared_error")
    torch.testing.assert_close(loss(outputs, one_hot(labels)), F.mse_loss(outputs.softmax(dim=1), one_hot(labels)))


def test_binary_cross_entropy_is_torchs_with_smoothed_targets(outputs: Tensor, labels: Tensor) -> None:
    loss = build_loss("binary_cross_entropy", label_smoothing=0.2)
    expected = F.binary_cross_entropy_with_logits(outputs, one_hot(labels) * 0.8 + 0.05)
    torch.testing.assert_close(loss(outputs, one_hot(labels)), expected)


def test_hinge_is_the_squared_one_against_the_rest_with_its_penalty() -> None:
    layer = nn.Linear(2, 3)
    layer.weight.data = torch.tensor([[1.0, 2.0], [0.0, -1.0], [0.5, 0.0]])
    outputs = torch.tensor([[0.25, -2.0, 0.5], [3.0, 1.5, -1.0]])
    loss = build_loss("hinge", penalty=0.1, last_layer=layer)
    # (1 - 0.25)^2 + 0 + (1 + 0.5)^2 and (1 + 3)^2 + 0 + 0; the squared weights are 1 + 4 + 1 + 0.25.
    expected = (0.5625 + 2.25 + 16.0) / 2 + 0.05 * 6.25
    assert float(loss(outputs, one_hot(torch.tensor([0, 1]), 3)).detach()) == pytest.approx(expected)
    torch.testing.assert_close(
        torch.autograd.grad(loss(outputs, torch.eye(3)[:2]), layer.weight)[0], 0.1 * layer.weight
    )


def test_hinge_agrees_with_torchs_multi_margin_on_one_class(outputs: Tensor) -> None:
    """Torch has the squared hinge of one output against zero; summed over the classes it is this loss."""
    signs = one_hot(torch.arange(6) % 4) * 2 - 1
    expected = sum(
        F.multi_margin_loss(torch.stack([torch.zeros(6), sign * output], dim=1), torch.ones(6, dtype=torch.long), p=2)
        * 2
        for sign, output in zip(signs.T, outputs.T, strict=True)
    )
    torch.testing.assert_close(build_loss("hinge")(outputs, (signs + 1) / 2), torch.as_tensor(expected))


def test_hinge_of_a_class_right_in_part_has_both_parts() -> None:
    loss = build_loss("hinge")
    both = [float(loss(torch.tensor([[0.5]]), torch.tensor([[target]]))) for target in (1.0, 0.0, 0.3)]
    assert both == pytest.approx([0.25, 2.25, 0.3 * 0.25 + 0.7 * 2.25])


@pytest.mark.parametrize("gamma", [0.5, 2.0, 5])
def test_focal_is_worked_out_by_hand(gamma: float) -> None:
    outputs = torch.tensor([0.7, 0.2, 0.1]).log()[None]
    loss = build_loss("focal", gamma=gamma)(outputs, torch.tensor([[1.0, 0.0, 0.0]]))
    assert float(loss) == pytest.approx(-(0.3**gamma) * math.log(0.7), rel=1e-5)


def test_focal_without_gamma_is_cross_entropy(outputs: Tensor, labels: Tensor) -> None:
    loss = build_loss("focal", gamma=0.0, label_smoothing=0.1)
    torch.testing.assert_close(loss(outputs, one_hot(labels)), F.cross_entropy(outputs, labels, label_smoothing=0.1))


def test_focal_has_a_slope_where_a_class_is_certain() -> None:
    outputs = torch.tensor([[100.0, 0.0]], requires_grad=True)
    build_loss("focal", gamma=0.5)(outputs, torch.tensor([[1.0, 0.0]])).backward()
    assert outputs.grad is not None
    assert outputs.grad.isfinite().all()


@pytest.mark.parametrize("name", ["mean_squared_error", "binary_cross_entropy", "hinge", "focal"])
def test_class_weights_weigh_rows(name: str, outputs: Tensor, labels: Tensor) -> None:
    loss = build_loss(name)
    rows = torch.stack([loss(outputs[row : row + 1], one_hot(labels[row : row + 1])) for row in range(6)])
    weights = WEIGHTS[labels]
    weighed = build_loss(name, class_weights=WEIGHTS)(outputs, one_hot(labels))
    torch.testing.assert_close(weighed, (rows * weights).sum() / weights.sum())


@pytest.mark.parametrize(("name", "is_smoothed"), [(name, name != "hinge") for name in LOSSES])
def test_label_smoothing_counts_but_for_hinge(name: str, is_smoothed: bool, outputs: Tensor, labels: Tensor) -> None:
    plain, smooth = (build_loss(name, label_smoothing=share)(outputs, one_hot(labels)) for share in (0.0, 0.2))
    assert bool(plain != smooth) is is_smoothed


@pytest.mark.parametrize(
    ("name", "reads_it"), [(name, name not in ("binary_cross_entropy", "hinge")) for name in LOSSES]
)
def test_the_output_activation_counts_where_probabilities_do(
    name: str, reads_it: bool, outputs: Tensor, labels: Tensor
) -> None:
    losses = [
        build_loss(name, output_activation=activation)(outputs, one_hot(labels))
        for activation in ("softmax", "sigmoid", "relu")
    ]
    assert len({float(loss) for loss in losses}) == (3 if reads_it else 1)


def test_mean_squared_error_goes_by_the_sigmoids_shares() -> None:
    outputs = torch.tensor([[math.log(3), -math.log(3)]])  # sigmoids of 0.75 and 0.25
    loss = build_loss("mean_squared_error", output_activation="sigmoid")
    assert float(loss(outputs, torch.tensor([[1.0, 0.0]]))) == pytest.approx((0.25**2 + 0.25**2) / 2)


def test_of_alternatives_the_most_probable_is_taken_for_the_label() -> None:
    """Barsoum and others: minus the logarithm of the largest probability among the classes that are right."""
    outputs = torch.tensor([[2.0, 1.0, 3.0], [0.0, 5.0, 1.0]])
    right = torch.tensor([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    probabilities = outputs.softmax(dim=1)
    expected = -(probabilities * (right > 0)).amax(dim=1).log().mean()
    torch.testing.assert_close(build_loss("cross_entropy", has_alternatives=True)(outputs, right), expected)


def test_of_alternatives_all_are_right_in_multi_label() -> None:
    outputs, right = torch.tensor([[2.0, 1.0, 3.0]]), torch.tensor([[0.5, 0.5, 0.0]])
    expected = F.binary_cross_entropy_with_logits(outputs, torch.tensor([[1.0, 1.0, 0.0]]))
    torch.testing.assert_close(build_loss("binary_cross_entropy", has_alternatives=True)(outputs, right), expected)


def test_a_loss_adds_nothing_to_a_checkpoint_and_no_parameters() -> None:
    loss = build_loss("hinge", class_weights=WEIGHTS, last_layer=nn.Linear(2, 4))
    assert loss.state_dict() == {}
    assert list(loss.parameters()) == []


@pytest.mark.parametrize(("name", "option"), [("focal", "gamma"), ("hinge", "penalty")])
def test_options_below_0_are_refused(name: str, option: str) -> None:
    with pytest.raises(ValueError, match=rf"^{option} is -0\.1; expected at least 0$"):
        build_loss(name, **{option: -0.1})
    assert getattr(build_loss(name, **{option: 0.0}), option) == 0


def test_unknown_losses_are_refused_with_the_closest() -> None:
    with pytest.raises(MienError, match=r"^unknown loss 'focl'; did you mean 'focal'\?$"):
        build_loss("focl")
