import pytest
import torch

from mien.errors import MienError
from mien.models import MODELS, create_estimator, create_model, find_option_faults


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("compact_irnett", {}, "unknown model 'compact_irnett'; did you mean 'compact_irnet'"),
        ("vgg_se", {"num_classes": 0}, "model 'vgg_se': num_classes is 0; expected at least 1"),
        ("vgg_se", {"widht": 16}, "model 'vgg_se': widht: unknown option; did you mean 'width'"),
        ("vgg_se", {"pooling": "max"}, "model 'vgg_se': pooling is 'max'; expected 'flatten' or 'average'"),
        ("vgg_se", {"width": 0}, "model 'vgg_se': width is 0; expected a positive number of channels"),
        ("vgg_se", {"width": "wide"}, "model 'vgg_se': "),
        ("hog_lbp_svn", {}, "unknown model 'hog_lbp_svn'; did you mean 'hog_lbp_svm'"),
        ("hog_lbp_svm", {}, "model 'hog_lbp_svm' is an estimator, fitted in one go; expected a network"),
    ],
)
def test_create_model_refuses(name: str, options: dict, message: str) -> None:
    with pytest.raises(MienError, match=message):
        create_model(name, **options)


@pytest.mark.parametrize(
    ("alias", "suggested"), [("resnet50v3", "resnet50v2"), ("senet51", "senet50"), ("inceptions", "inception")]
)
def test_aliases_are_suggested(alias: str, suggested: str) -> None:
    with pytest.raises(MienError, match=f"unknown model '{alias}'; did you mean '{suggested}'"):
        create_model(alias)


def test_an_alias_makes_the_network_it_stands_for() -> None:
    with torch.device("meta"):
        assert type(create_model("resnet50v2")) is MODELS.get("resnetv2_50").plugin
        assert create_model("cnn_with_l2_svm").in_channels == 1
    assert find_option_faults("senet50", {"poolin": "max"}) == ["poolin: unknown option; did you mean 'pooling'?"]


def test_find_option_faults_names_all_at_once_without_building() -> None:
    faults = find_option_faults("vgg_se", {"widht": 4, "hidden": "x", "in_channels": 3, "dropout": 1})
    assert faults == [
        "widht: unknown option; did you mean 'width'?",
        "hidden: expected a whole number, found 'x'",
        "in_channels: set by the data set, not by hand",
    ]
    assert find_option_faults("vgg_se", {"width": 24, "pooling": "average", "dropout": 0}) == []


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("hog_lbp_svn", {}, "unknown estimator 'hog_lbp_svn'; did you mean 'hog_lbp_svm'"),
        ("vgg_se", {}, "unknown estimator 'vgg_se'; known: deep_belief_net, hog_lbp_forest, hog_lbp_svm"),
        ("hog_lbp_forest", {"treess": 16}, "model 'hog_lbp_forest': treess: unknown option; did you mean 'trees'"),
        ("hog_lbp_forest", {"trees": 0}, "model 'hog_lbp_forest': trees is 0; expected at least 1"),
        ("hog_lbp_forest", {"trees": 2.5}, r"model 'hog_lbp_forest': trees: expected a whole number, found 2\.5"),
    ],
)
def test_create_estimator_refuses(name: str, options: dict, message: str) -> None:
    with pytest.raises(MienError, match=message):
        create_estimator(name, **options)


def test_find_option_faults_knows_estimators_too() -> None:
    assert find_option_faults("deep_belief_net", {"hidden_unit": [3], "fine_tuning_rate": "fast"}) == [
        "hidden_unit: unknown option; did you mean 'hidden_units'?",
        "fine_tuning_rate: expected a number, found 'fast'",
    ]
    assert find_option_faults("deep_belief_net", {"hidden_units": []}) == [
        "hidden_units is []; expected a list of whole numbers above 0"
    ]
    assert find_option_faults("deep_belief_net", {"hidden_units": [30], "fine_tuning_rate": 1}) == []
