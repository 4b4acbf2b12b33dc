from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from pydantic import TypeAdapter, ValidationError

from mien.models.genome import parse_genome
from mien.studies.search.space import AnyEntry, Entry, changes_of, distributions_of, grid_of

GENES = {"stages": [1, 3], "widths": [16, 32, 48], "kernels": [3, 5], "depths": [1, 2], "stems": [16, 32]}


def entry(**settings: Any) -> AnyEntry:
    return TypeAdapter(Entry).validate_python(settings)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"choices": [0.1, 0.2]}, CategoricalDistribution([0.1, 0.2])),
        ({"choices": [["plain"], ["plain", "flip"]]}, CategoricalDistribution(['["plain"]', '["plain", "flip"]'])),
        ({"low": 1, "high": 9}, IntDistribution(1, 9)),
        ({"low": 8, "high": 64, "step": 8}, IntDistribution(8, 64, step=8)),
        ({"low": 1, "high": 64, "log": True}, IntDistribution(1, 64, log=True)),
        ({"low": 0, "high": 0.5}, FloatDistribution(0, 0.5)),
        ({"low": 0.0, "high": 0.5, "step": 0.1}, FloatDistribution(0, 0.5, step=0.1)),
        ({"low": 0.01, "high": 1, "log": True}, FloatDistribution(0.01, 1, log=True)),
    ],
    ids=str,
)
def test_an_entry_is_drawn_from_optunas_distribution(written: dict[str, Any], expected: BaseDistribution) -> None:
    assert distributions_of({"key": entry(**written)}) == {"key": expected}


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"choices": []}, "at least 1 item"),
        ({"choices": [1, 2, 1]}, r"choices are \[1, 2, 1\]; expected each once"),
        ({"choices": [1, True]}, r"choices are \[1, true\]; expected each once, and 1, 1.0 and true are equal"),
        ({"low": 2, "high": 2}, "low is 2 and high is 2; expected low below high"),
        ({"low": 0.0, "high": 1.0, "log": True}, "log needs a low above 0, and takes no step"),
        ({"low": 0.1, "high": 1.0, "log": True, "step": 0.1}, "log needs a low above 0, and takes no step"),
        ({"low": 0.0, "high": 1.0, "step": 0.0}, "greater than 0"),
        ({"low": 0.1}, "high\n  Field required"),
        ({"low": 0.1, "hihg": 1.0}, "hihg\n  Extra inputs are not permitted"),
        ({"learning_rate": {"low": 0.1}}, r"expected a key in quotes with \{choices = \[...\]\}, \{low = ..., "),
        ({"genome": GENES | {"stages": [0, 2]}}, r"stages is \[0, 2\]; expected fewest and most, at least 1"),
        ({"genome": GENES | {"stages": [1, 9]}}, "9 stages; expected 1 to 6"),
        ({"genome": GENES | {"widths": [30]}}, "width is 30; expected a multiple of 16"),
        ({"genome": GENES | {"stems": [8]}}, "width is 8; expected a multiple of 16"),
        ({"genome": GENES | {"blocks": ["conv"]}}, "block 'conv' is unknown"),
        ({"genome": GENES | {"kernels": [7]}}, "kernel is 7; expected 3 or 5"),
        ({"genome": GENES | {"depths": [0]}}, "depth is 0; expected 1 to 8 blocks"),
        ({"genome": GENES | {"depths": []}}, "at least 1 item"),
    ],
    ids=str,
)
def test_what_is_no_entry_is_refused(written: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        entry(**written)


def test_changes_are_what_recipes_take() -> None:
    space = {
        "training.views": entry(choices=[["plain"], ["plain", "flip"]]),
        "model.pooling": entry(choices=["average", "flatten"]),
        "optimizer.learning_rate": entry(low=0.01, high=1.0),
    }
    drawn = {"training.views": '["plain", "flip"]', "model.pooling": "average", "optimizer.learning_rate": 0.1}
    assert changes_of(space, drawn) == [
        'training.views=["plain", "flip"]',
        'model.pooling="average"',
        "optimizer.learning_rate=0.1",
    ]


def test_a_grid_holds_all_values() -> None:
    space = {
        "a": entry(choices=["x", "y"]),
        "b": entry(low=1, high=3),
        "c": entry(low=16, high=40, step=8),
        "d": entry(low=0.0, high=0.3, step=0.1),
    }
    grid = grid_of(space)
    assert grid == {"a": ["x", "y"], "b": [1, 2, 3], "c": [16, 24, 32, 40], "d": pytest.approx([0, 0.1, 0.2, 0.3])}
    assert all(isinstance(value, int) for value in grid["b"] + grid["c"])


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"low": 0.0, "high": 0.3}, "^key: a grid needs choices, whole numbers or a step$"),
        ({"genome": GENES}, "^key: genomes are too many for a grid; take another sampler$"),
    ],
)
def test_a_grid_without_end_is_refused(written: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        grid_of({"key": entry(**written)})


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_every_draw_is_a_genome_and_only_its_stages_count(data: st.DataObject) -> None:
    space = {"model.genome": entry(genome=GENES)}
    distributions = distributions_of(space)
    assert len(distributions) == 2 + 3 * 4
    drawn = {
        name: data.draw(
            st.sampled_from(each.choices)
            if isinstance(each, CategoricalDistribution)
            else st.integers(each.low, each.high)  # type: ignore[attr-defined]
        )
        for name, each in distributions.items()
    }
    (change,) = changes_of(space, drawn)
    genome = parse_genome(change.removeprefix("model.genome=").strip('"'))
    assert len(genome.stages) == drawn["model.genome.stages"]
    assert genome.stages[0].block == drawn["model.genome.1.block"]
    assert genome.stages[-1].width == drawn[f"model.genome.{len(genome.stages)}.width"]
