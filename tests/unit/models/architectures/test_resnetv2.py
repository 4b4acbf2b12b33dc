import timm

from tests.unit.models.conftest import CheckPretrained


def test_pretrained(check_pretrained: CheckPretrained) -> None:
    published = timm.create_model("resnetv2_50").eval()
    check_pretrained("resnetv2_50", published.state_dict(), published.forward_features)
