import torch

from mien.evaluation.explanation.methods.grad_cam import explain_by_grad_cam
from tests.unit.evaluation.explanation.methods.conftest import make_two_channels


def test_the_map_of_two_channels_is_what_it_is_by_hand() -> None:
    """Over the mean of four places a channel's weight is its class weight / 4: 3 / 4 and -1 / 4.

    The channels are the face [[4, 0], [2, 8]] and its square: 3/4 x - 1/4 x^2 is -1, 0, 0.5, -10; the ReLU keeps 0.5.
    """
    model = make_two_channels([[3.0, -1.0], [0.0, 1.0]])
    image = torch.tensor([[[[4.0, 0.0], [2.0, 8.0]]]])
    found = explain_by_grad_cam(model, image, torch.tensor([0]))
    torch.testing.assert_close(found, torch.tensor([[[0.0, 0.0], [0.5, 0.0]]]))
    other = explain_by_grad_cam(model, image, torch.tensor([1]))
    torch.testing.assert_close(other, image[:, 0] ** 2 / 4)
