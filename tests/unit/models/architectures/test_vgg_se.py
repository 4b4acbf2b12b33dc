import pytest
import torch

from mien.models import create_model


def test_average_pooling_takes_other_sizes() -> None:
    network = create_model("vgg_se", width=8, pooling="average")
    assert network(torch.rand(2, 1, 64, 64)).shape == (2, 7)


def test_dropout_acts_in_training_only() -> None:
    network, images = create_model("vgg_se", width=8, dropout=0.5), torch.rand(4, 1, 48, 48)
    assert not torch.equal(network(images), network(images))
    network.eval()
    assert torch.equal(network(images), network(images))


def test_another_size_is_refused_with_the_option_that_takes_it() -> None:
    network = create_model("vgg_se", width=8)
    with pytest.raises(ValueError, match="pictures of 48x48; for others, set pooling='average'"):
        network(torch.rand(2, 1, 64, 64))


@pytest.mark.parametrize("pooling", ["flatten", "average"])
def test_weights_keep_the_names_by_which_trained_ones_are_stored(pooling: str) -> None:
    with torch.device("meta"):
        names = [name for name, _ in create_model("vgg_se", pooling=pooling).named_parameters()]
    assert [name for name in names if not name.startswith("stages.")] == [
        "neck.1.weight", "neck.2.weight", "neck.2.bias", "classifier.weight", "classifier.bias",
    ]  # fmt: skip
    assert names[:2] == ["stages.0.0.weight", "stages.0.1.weight"]
    assert "stages.3.6.excite.bias" in names
