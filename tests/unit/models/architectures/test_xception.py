import timm

from tests.unit.models.conftest import CheckPretrained


def test_pretrained(check_pretrained: CheckPretrained) -> None:
    published = timm.create_model("legacy_xception").eval()
    check_pretrained("xception", published.state_dict(), published.forward_features)
