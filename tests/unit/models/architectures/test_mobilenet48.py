import pytest
import torch

from mien.errors import MienError
from mien.models import count_parameters, create_model


def block(incoming: int, outgoing: int, *, expansion: int) -> int:
    """1x1, depthwise 3x3, squeeze-and-excitation of a quarter, 1x1; batch norm after each convolution."""
    inner = incoming * expansion
    squeezed = inner // 4
    attention = 2 * inner * squeezed + squeezed + inner
    return incoming * inner + 2 * inner + 9 * inner + 2 * inner + attention + inner * outgoing + 2 * outgoing


@pytest.mark.parametrize("expansion", [2, 4])
def test_parameters_are_those_of_its_layers(expansion: int) -> None:
    shapes = [(24, 32), (32, 32), (32, 64), (64, 64), (64, 64), (64, 128), (128, 128), (128, 128)]
    blocks = sum(block(incoming, outgoing, expansion=expansion) for incoming, outgoing in shapes)
    stem, last, head = 9 * 24 + 48, 128 * 512 + 1024, 512 * 7 + 7
    with torch.device("meta"):
        assert count_parameters(create_model("mobilenet48", expansion=expansion)) == stem + blocks + last + head


def test_the_map_shrinks_to_an_eighth() -> None:
    assert create_model("mobilenet48").forward_features(torch.rand(2, 1, 48, 64)).shape == (2, 512, 6, 8)


def test_no_expansion_is_refused() -> None:
    with pytest.raises(MienError, match="expansion is 0; expected at least 1"):
        create_model("mobilenet48", expansion=0)
