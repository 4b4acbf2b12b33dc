import pytest
import torch
from torch import Tensor

from mien.training.augmentation.draws import draw_either_way, draw_some, keep_some, of_each

MANY = 20_000


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def shares(values: Tensor, *, lowest: float, highest: float, bins: int = 10) -> Tensor:
    """Return the share of the values in each of some ranges of equal width."""
    return torch.histc(values, bins=bins, min=lowest, max=highest) / len(values)


def test_draws_go_evenly_either_way() -> None:
    values = draw_either_way(MANY, 15.0, 1.0, generator())
    assert values.shape == (MANY,)
    assert values.abs().max() <= 15
    # Ten ranges of a tenth each: five deviations of such a share are 0.011.
    torch.testing.assert_close(shares(values, lowest=-15, highest=15), torch.full((10,), 0.1), atol=0.011, rtol=0)


@pytest.mark.parametrize("probability", [0.0, 0.3, 0.9])
def test_as_many_pictures_are_drawn_as_the_probability_says(probability: float) -> None:
    values = draw_either_way(MANY, 2.0, probability, generator())
    drawn = values[values != 0]
    assert len(drawn) / MANY == pytest.approx(probability, abs=0.018)
    if probability:
        torch.testing.assert_close(shares(drawn, lowest=-2, highest=2), torch.full((10,), 0.1), atol=0.021, rtol=0)


def test_nothing_is_drawn_where_the_largest_is_0() -> None:
    assert (draw_either_way(5, 0.0, 1.0, generator()) == 0).all()


def test_each_picture_has_a_number_of_its_own() -> None:
    assert len(draw_either_way(64, 1.0, 1.0, generator()).unique()) == 64


@pytest.mark.parametrize("probability", [0.5, 1.0])
def test_a_seed_gives_the_same_numbers_again(probability: float) -> None:
    first, again, other = (draw_either_way(64, 1.0, probability, generator(seed)) for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_the_generator_goes_on_from_draw_to_draw() -> None:
    one = generator()
    assert not torch.equal(draw_either_way(64, 1.0, 1.0, one), draw_either_way(64, 1.0, 1.0, one))


def test_the_global_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    draw_either_way(64, 1.0, 0.5, generator())
    assert torch.equal(torch.get_rng_state(), before)


def test_keep_some_sets_the_others_to_0() -> None:
    values = torch.arange(1.0, 65.0)
    kept = keep_some(values, 0.5, generator())
    assert torch.equal(kept, values * draw_some(64, 0.5, generator()))
    assert 0 < int((kept == 0).sum()) < 64


def test_all_rows_of_a_picture_are_kept_or_set_to_0_together() -> None:
    kept = keep_some(torch.ones(2, 64), 0.5, generator())
    assert torch.equal(kept[0], kept[1])
    assert 0 < int(kept[0].sum()) < 64


@pytest.mark.parametrize("probability", [1.0, 1.5])
def test_a_probability_of_1_keeps_all_and_draws_nothing(probability: float) -> None:
    """Recipes from before there were probabilities give the same pictures."""
    one, values = generator(), torch.ones(8)
    before = one.get_state()
    assert keep_some(values, probability, one) is values
    assert torch.equal(one.get_state(), before)


@pytest.mark.parametrize(("probability", "count"), [(0.0, 0), (1.0, MANY)])
def test_draw_some_gives_none_or_all_at_the_ends(probability: float, count: int) -> None:
    chosen = draw_some(MANY, probability, generator())
    assert chosen.dtype == torch.bool
    assert int(chosen.sum()) == count


def test_draw_some_gives_a_share_near_the_probability() -> None:
    assert float(draw_some(MANY, 0.25, generator()).float().mean()) == pytest.approx(0.25, abs=0.016)


def test_a_batch_without_pictures_has_no_draws() -> None:
    assert draw_either_way(0, 1.0, 0.5, generator()).shape == (0,)


def test_of_each_lays_one_number_over_each_picture() -> None:
    images = torch.ones(3, 2, 4, 5)
    numbers = of_each(torch.tensor([1.0, 2.0, 3.0]), images)
    assert numbers.shape == (3, 1, 1, 1)
    assert torch.equal((images * numbers)[:, 1, 3, 4], torch.tensor([1.0, 2.0, 3.0]))


def test_of_each_goes_to_the_device_of_the_pictures() -> None:
    assert of_each(torch.ones(3), torch.empty(3, 1, 2, 2, device="meta")).device.type == "meta"
