import torch

from mien.models import create_model
from mien.models.normalised import NormalisedNetwork
from mien.models.outputs import to_logits


def test_mean_and_deviation_are_inside() -> None:
    network = create_model("vgg_se", width=4).eval()
    faces = torch.randint(0, 256, (3, 1, 48, 48)).float()
    inside = NormalisedNetwork(network, mean=100.0, std=50.0)(faces)
    torch.testing.assert_close(inside, network((faces - 100) / 50))


def test_logits_come_out_whatever_the_activation() -> None:
    network = create_model("vgg_se", width=4, output_activation="sigmoid").eval()
    faces = torch.randint(0, 256, (3, 1, 48, 48)).float()
    inside = NormalisedNetwork(network, mean=0.0, std=1.0)(faces)
    torch.testing.assert_close(inside, to_logits(network(faces), "sigmoid"))
