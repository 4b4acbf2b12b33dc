import pytest

from mien.models import Classifier


def test_a_network_without_the_three_methods_cannot_be_made() -> None:
    class Half(Classifier):
        pass

    with pytest.raises(TypeError, match="abstract"):
        Half()  # type: ignore[abstract]
