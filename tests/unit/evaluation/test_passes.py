import pytest
import torch

from mien.evaluation.passes import split_into_passes


@pytest.mark.parametrize(
    ("num_faces", "is_exact", "expected"),
    [(64, True, [32, 32]), (70, True, [70]), (70, False, [32, 32, 6]), (5, True, [5]), (0, True, [0])],
)
def test_faces_pass_a_few_at_a_time_unless_a_remainder_would_be_inexact(
    num_faces: int, is_exact: bool, expected: list[int]
) -> None:
    images = torch.rand(num_faces, 1, 2, 2)
    parts = split_into_passes(images, is_exact=is_exact)
    assert [len(part) for part in parts] == expected
    torch.testing.assert_close(torch.cat(list(parts)), images, atol=0, rtol=0)
