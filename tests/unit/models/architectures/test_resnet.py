import pytest
import timm

from tests.unit.models.conftest import CheckPretrained


@pytest.mark.parametrize(
    ("name", "timms"), [("resnet34", "resnet34"), ("seresnet34", "legacy_seresnet34"), ("resnest50", "resnest50d")]
)
def test_pretrained(name: str, timms: str, check_pretrained: CheckPretrained) -> None:
    published = timm.create_model(timms).eval()
    check_pretrained(name, published.state_dict(), published.forward_features)
