import numpy as np
import pytest
import torch
import torch.nn.functional as F
from timm.layers import Attention
from torch import Tensor, nn

from mien.errors import ExplanationError
from mien.evaluation.explanation import ExplainedNetwork, explain_faces
from mien.evaluation.explanation.methods.attention import explain_by_attention
from mien.models import Classifier, create_model
from mien.models.layers.attention_map import AttentionBlock
from mien.models.layers.self_attention import SelfAttention
from tests.explained_network import LinearNetwork, make_squares, train_explained

FACES, LABELS, _ = make_squares(2, seed=3)
TARGETS = torch.from_numpy(LABELS)


class Looker(AttentionBlock):
    """A block that attends to what it was told, whatever comes."""

    def __init__(self, weights: Tensor) -> None:
        super().__init__()
        self.weights = weights

    def forward(self, images: Tensor) -> Tensor:
        self.keep(self.weights.expand(len(images), *self.weights.shape[1:]))
        return images


class Attentive(LinearNetwork):
    """A linear network with such blocks before it."""

    def __init__(self, *maps: Tensor, side: int = 4) -> None:
        super().__init__(torch.ones(2, 1, side, side))
        self.looks = nn.Sequential(*(Looker(each) for each in maps))

    def forward_features(self, images: Tensor) -> Tensor:
        features: Tensor = self.looks(images)
        return features


class TokenNetwork(Classifier):
    """Sixteen patches and, where it has one, a class token, attending to each other."""

    smallest_side = 8

    def __init__(self, attention: nn.Module, *, num_others: int) -> None:
        super().__init__()
        self.num_classes, self.in_channels = 2, 1
        self.patches, self.attention = nn.Conv2d(1, 8, 2, stride=2), attention
        self.others = nn.Parameter(torch.ones(1, num_others, 8))
        self.classifier = nn.Linear(8, 2)

    def forward_features(self, images: Tensor) -> Tensor:
        tokens = self.patches(images).flatten(2).transpose(1, 2)
        features: Tensor = self.attention(torch.cat([self.others.expand(len(tokens), -1, -1), tokens], dim=1))
        return features

    def forward_head(self, features: Tensor) -> Tensor:
        logits: Tensor = self.classifier(features.mean(dim=1))
        return logits

    def reset_classifier(self, num_classes: int) -> None:
        self.num_classes = num_classes
        self.classifier = nn.Linear(self.classifier.in_features, num_classes, bias=False)


def explain(network: Classifier, side: int, **options: str) -> Tensor:
    model = ExplainedNetwork(network, mean=0.0, std=1.0)
    return explain_by_attention(model, torch.rand(1, 1, side, side), torch.tensor([0]), **options)


def test_each_map_counts_alike_whatever_its_numbers() -> None:
    left, right = torch.zeros(1, 4, 4), torch.zeros(1, 4, 4)
    left[:, :, 0], right[:, :, 3] = 0.1, 70.0
    found = explain(Attentive(left, right), 4)
    torch.testing.assert_close(found[0, 0], torch.tensor([2.0, 0.0, 0.0, 2.0]))


def test_a_map_over_places_and_channels_is_averaged_over_channels() -> None:
    both = torch.tensor([[[[1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 3.0]]]])
    found = explain(Attentive(both, side=2), 2)
    torch.testing.assert_close(found, torch.tensor([[[1.0, 0.0], [0.0, 3.0]]]))


def test_maps_over_channels_alone_are_left_out() -> None:
    places = torch.tensor([[[1.0, 3.0], [0.0, 0.0]]])
    torch.testing.assert_close(
        explain(Attentive(torch.ones(1, 5), places, side=2), 2), explain(Attentive(places, side=2), 2)
    )


def test_one_block_can_be_named() -> None:
    first, second = torch.tensor([[[1.0, 3.0], [0.0, 0.0]]]), torch.tensor([[[0.0, 0.0], [0.0, 4.0]]])
    network = Attentive(first, second, side=2)
    torch.testing.assert_close(explain(network, 2, block="looks.1"), second)
    with pytest.raises(
        ExplanationError, match=r"no attention over places in block 'looks'; blocks that have it: looks"
    ):
        explain(network, 2, block="looks")


@pytest.mark.parametrize("num_others", [0, 1], ids=["places alone", "with a class token"])
@pytest.mark.parametrize("kind", ["mien", "timm"])
def test_of_self_attention_a_place_has_what_it_gets_from_all(kind: str, num_others: int) -> None:
    torch.manual_seed(0)
    block = SelfAttention(8, heads=2) if kind == "mien" else Attention(8, num_heads=2)
    network = TokenNetwork(block, num_others=num_others)
    model = ExplainedNetwork(network, mean=0.0, std=1.0)
    images = torch.rand(2, 1, 8, 8)
    (weights,) = network.attention_maps(images).values()
    gets = weights.mean(dim=(1, 2))[:, num_others:].reshape(2, 4, 4)
    level = gets / gets.mean(dim=(1, 2), keepdim=True)
    expected = F.interpolate(level[:, None], size=(8, 8), mode="bilinear", align_corners=False)[:, 0]
    torch.testing.assert_close(explain_by_attention(model, images, torch.tensor([0, 1])), expected)


def test_tokens_that_are_no_rows_and_columns_have_no_place() -> None:
    network = TokenNetwork(SelfAttention(8, heads=2), num_others=12)
    with pytest.raises(ExplanationError, match="TokenNetwork has attention, but none over places"):
        explain(network, 8)


def test_a_real_network_is_explained_the_same_for_every_class() -> None:
    model = train_explained("genome_cnn")
    first, second = (explain_faces(model, FACES, np.array(each), method="attention") for each in ([0, 0], [1, 2]))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(first.mean(axis=(1, 2)), 1, atol=0.05)


@pytest.mark.parametrize(
    ("name", "side", "message"),
    [
        ("vgg_se", 48, "VggSe has attention, but none over places; gradient and occlusion explain any network"),
        ("tang_cnn", 42, "TangCnn has no attention; gradient and occlusion explain any network"),
    ],
)
def test_a_network_that_attends_to_no_place_is_refused(name: str, side: int, message: str) -> None:
    model = ExplainedNetwork(create_model(name), mean=128, std=60)
    with pytest.raises(ExplanationError, match=message):
        explain_by_attention(model, torch.zeros(1, 1, side, side), torch.tensor([0]))
