import timm

from tests.unit.models.conftest import CheckPretrained


def test_pretrained(check_pretrained: CheckPretrained) -> None:
    published = timm.create_model("densenet121").eval()
    check_pretrained("densenet121", published.state_dict(), published.forward_features)
