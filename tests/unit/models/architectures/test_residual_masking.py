import pytest
import torch

from mien.models import count_parameters, create_model


@pytest.mark.parametrize(("options", "parameters"), [({}, 137_796_423), ({"has_masks": False}, 21_288_263)], ids=str)
def test_parameters_by_option(options: dict, parameters: int) -> None:
    with torch.device("meta"):
        assert count_parameters(create_model("residual_masking", **options)) == parameters


def test_only_the_masks_are_attention() -> None:
    maps = create_model("residual_masking", width=4).eval().attention_maps(torch.rand(2, 3, 32, 32))
    assert list(maps) == ["features.after.0", "features.after.1", "features.after.2", "features.after.3"]


def test_sizes_that_the_masks_cannot_halve_are_refused() -> None:
    with pytest.raises(ValueError, match="must be multiples of 32, such as 32x32 or 64x64"):
        create_model("residual_masking", width=4)(torch.rand(2, 3, 48, 48))
