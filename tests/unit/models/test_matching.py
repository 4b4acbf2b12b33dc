"""Weights of one network in another with a head of one's choice, without one, or with group norm."""

import pytest
import torch

from mien.errors import WeightsError
from mien.models import Classifier, create_model, load_weights
from mien.models.matching import match_names

HEAD = {"hidden": [12]}
HEAD_NAMES = ("neck.1.weight", "neck.1.bias", "classifier.weight", "classifier.bias")


def make(*, name: str = "vgg_se", seed: int = 0, **options: object) -> Classifier:
    torch.manual_seed(seed)
    return create_model(name, **({"width": 8, "hidden": 16} if name == "vgg_se" else {}), **options).eval()


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(2, 1, 48, 48, generator=torch.Generator().manual_seed(1))


def test_match_names_leaves_weights_of_the_same_network_as_they_are() -> None:
    state = make(seed=1).state_dict()
    assert match_names(make(), state) == (state, ())
    state = make(seed=1, head=HEAD).state_dict()
    assert match_names(make(head=HEAD), state) == (state, ())


@torch.no_grad()
def test_a_headed_network_takes_the_body_and_keeps_its_head(images: torch.Tensor) -> None:
    plain, headed = make(seed=1), make(seed=2, head=HEAD)
    own = {name: headed.state_dict()[name].clone() for name in HEAD_NAMES}
    loaded = load_weights(headed, plain.state_dict(), source="plain")
    assert torch.equal(headed.forward_features(images), plain.forward_features(images))
    assert all(torch.equal(headed.state_dict()[name], tensor) for name, tensor in own.items())
    assert loaded.fresh == HEAD_NAMES
    assert set(loaded.not_taken) == {name for name in plain.state_dict() if name.startswith(("neck.", "classifier."))}
    assert (
        "; the head of another form begins afresh (neck.1.weight, neck.1.bias, classifier.weight, and 1 more); "
        in str(loaded)
    )
    assert loaded.num_tensors == len(headed.state_dict()) - 4


@torch.no_grad()
def test_a_network_without_head_takes_the_body_of_a_headed_one(images: torch.Tensor) -> None:
    headed, plain = make(seed=1, head=HEAD), make(seed=2)
    own = plain.classifier.weight.clone()
    loaded = load_weights(plain, headed.state_dict())
    assert torch.equal(plain.forward_features(images), headed.forward_features(images))
    assert torch.equal(plain.classifier.weight, own)
    assert set(loaded.fresh) == {name for name in plain.state_dict() if name.startswith(("neck.", "classifier."))}
    assert loaded.not_taken == HEAD_NAMES


@torch.no_grad()
def test_of_a_head_of_another_form_nothing_is_taken(images: torch.Tensor) -> None:
    first, second = make(seed=1, head=HEAD), make(seed=2, head={"hidden": [9]})
    loaded = load_weights(second, first.state_dict())
    assert torch.equal(second.forward_features(images), first.forward_features(images))
    assert loaded.fresh == loaded.not_taken == HEAD_NAMES


def test_the_same_head_for_other_classes_is_left_out_as_any() -> None:
    loaded = load_weights(make(head=HEAD, num_classes=4), make(seed=1, head=HEAD).state_dict())
    assert (loaded.fresh, loaded.left_out) == ((), ("classifier.weight", "classifier.bias"))


def test_what_a_headed_network_has_no_place_for_is_refused_unless_it_was_the_head() -> None:
    state = make(seed=1).state_dict() | {"stages.9.weight": torch.zeros(1)}
    with pytest.raises(WeightsError, match=r"does not fit the network: body\.stages\.9\.weight is unknown$"):
        load_weights(make(head=HEAD), state)
    headed = make(seed=1, head=HEAD).state_dict()
    headed.pop("body.stages.0.0.weight")
    with pytest.raises(WeightsError, match=r"does not fit the network: stages\.0\.0\.weight is missing$"):
        load_weights(make(), headed)


@pytest.mark.parametrize("head", [None, HEAD])
def test_group_norm_takes_scale_and_shift_of_batch_norm(head: dict[str, object] | None) -> None:
    batch, group = make(seed=1), make(seed=2, norm="group", head=head)
    torch.nn.init.uniform_(batch.stages[0][1].weight)
    loaded = load_weights(group, batch.state_dict())
    body = group if head is None else group.body
    assert torch.equal(body.stages[0][1].weight, batch.stages[0][1].weight)
    assert not hasattr(body.stages[0][1], "running_mean")
    assert {"stages.0.1.running_mean", "stages.0.1.running_var", "stages.0.1.num_batches_tracked"} <= set(
        loaded.not_taken
    )
    assert "tensors not taken (stages.0.1.running_mean, " in str(loaded)


def test_batch_norm_is_not_made_of_group_norm() -> None:
    with pytest.raises(WeightsError, match=r"does not fit the network: stages\.0\.1\.running_mean is missing; "):
        load_weights(make(), make(seed=1, norm="group").state_dict())


def test_a_network_of_timm_with_convolutions_after_its_last_map_and_activations_in_its_norms() -> None:
    name = "timm/mobilenetv3_small_050"
    plain = make(name=name, seed=1, in_channels=1)
    headed = make(name=name, seed=2, in_channels=1, norm="group", head={"hidden": []})
    loaded = load_weights(headed, plain.state_dict())
    assert torch.equal(headed.body.features.bn1[0].weight, plain.features.bn1.weight)
    assert torch.equal(headed.body.features.conv_stem.weight, plain.features.conv_stem.weight)
    assert {"features.conv_head.weight", "features.bn1.running_mean"} <= set(loaded.not_taken)
    assert loaded.fresh == ("classifier.weight", "classifier.bias")
