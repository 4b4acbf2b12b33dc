import pytest
import torch

from mien.models.outputs import OUTPUT_ACTIVATIONS, to_logits

OUTPUTS = torch.tensor([[3.0, 1.0, -2.0], [-1.0, -4.0, -1.5], [0.25, 0.5, 0.125]])


def test_softmax_leaves_outputs_as_they_are() -> None:
    assert to_logits(OUTPUTS, "softmax") is OUTPUTS


@pytest.mark.parametrize("activation", OUTPUT_ACTIVATIONS)
def test_probabilities_are_non_negative_and_sum_to_one(activation: str) -> None:
    outputs = torch.randn(50, 7, generator=torch.Generator().manual_seed(0)) * 20
    probabilities = to_logits(outputs, activation).softmax(dim=1)
    assert (probabilities >= 0).all()
    torch.testing.assert_close(probabilities.sum(dim=1), torch.ones(50))


@pytest.mark.parametrize("activation", OUTPUT_ACTIVATIONS)
def test_the_greatest_output_is_the_most_probable_class(activation: str) -> None:
    outputs = torch.randn(50, 7, generator=torch.Generator().manual_seed(0))
    assert torch.equal(to_logits(outputs, activation).argmax(dim=1), outputs.argmax(dim=1))


def test_sigmoids_are_divided_by_their_sum() -> None:
    activations = OUTPUTS.sigmoid()
    expected = activations / activations.sum(dim=1, keepdim=True)
    torch.testing.assert_close(to_logits(OUTPUTS, "sigmoid").softmax(dim=1), expected)


def test_relus_are_divided_by_their_sum_and_none_means_all_alike() -> None:
    expected = torch.tensor([[0.75, 0.25, 0.0], [1 / 3, 1 / 3, 1 / 3], [2 / 7, 4 / 7, 1 / 7]])
    torch.testing.assert_close(to_logits(OUTPUTS, "relu").softmax(dim=1), expected, atol=1e-6, rtol=0)


def test_an_unknown_activation_is_an_error() -> None:
    with pytest.raises(KeyError, match="tanh"):
        to_logits(OUTPUTS, "tanh")
