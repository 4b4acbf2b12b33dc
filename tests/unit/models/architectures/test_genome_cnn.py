import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import MienError
from mien.models import count_parameters, create_model, find_option_faults
from mien.models.genome import BLOCKS, Genome, Stage

STAGES = st.builds(
    Stage,
    block=st.sampled_from(BLOCKS),
    width=st.sampled_from([16, 32, 48]),
    depth=st.integers(1, 2),
    kernel=st.sampled_from([3, 5]),
)
GENOMES = st.builds(Genome, stem=st.sampled_from([16, 32]), stages=st.lists(STAGES, min_size=1, max_size=5).map(tuple))


def block_parameters(stage: Stage, incoming: int) -> int:
    """Convolutions without bias, two numbers of batch norm a channel, and what the kind adds."""
    places, width = stage.kernel**2, stage.width
    unit = places * incoming * width + 2 * width
    if stage.block == "inverted":
        inner = 4 * incoming
        return incoming * inner + 2 * inner + places * inner + 2 * inner + inner * width + 2 * width
    if stage.block == "residual":
        shortcut = incoming * width + 2 * width if incoming != width else 0
        return unit + places * width * width + 2 * width + shortcut
    if stage.block == "plain":
        return unit
    squeezed = max(width // 8, 4) if stage.block == "se" else width // 16
    attention = 2 * width * squeezed + squeezed + width
    # CBAM's spatial attention: a 7x7 convolution from two maps to one, and its norm.
    return unit + attention + (98 + 2 if stage.block == "attention" else 0)


def expected_parameters(genome: Genome) -> int:
    total, channels = 9 * genome.stem + 2 * genome.stem, genome.stem
    for stage in genome.stages:
        for _ in range(stage.depth):
            total += block_parameters(stage, channels)
            channels = stage.width
    return total + 7 * channels + 7


@settings(max_examples=60, deadline=None)
@given(GENOMES)
def test_parameters_are_those_of_the_genome(genome: Genome) -> None:
    with torch.device("meta"):
        assert count_parameters(create_model("genome_cnn", genome=str(genome))) == expected_parameters(genome)


@settings(max_examples=12, deadline=None)
@given(GENOMES, st.booleans())
def test_every_genome_runs_and_has_finite_gradients(genome: Genome, is_small: bool) -> None:
    network = create_model("genome_cnn", genome=str(genome))
    side = network.smallest_side if is_small else 48
    logits = network(torch.rand(3, 1, side, side, generator=torch.Generator().manual_seed(1)))
    assert logits.shape == (3, 7)
    torch.nn.functional.cross_entropy(logits, torch.tensor([0, 1, 2])).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name


def test_stages_halve_the_map_between_them() -> None:
    network = create_model("genome_cnn", genome="stem16|plain:32x1|se:48x2|residual:64x1")
    assert network.forward_features(torch.rand(2, 1, 48, 40)).shape == (2, 64, 12, 10)
    assert network.smallest_side == 4


def test_what_is_no_genome_is_one_fault() -> None:
    assert find_option_faults("genome_cnn", {"genome": "stem16|plain:30x1"}) == [
        "genome 'stem16|plain:30x1': width is 30; expected a multiple of 16 from 16 to 1024"
    ]
    with pytest.raises(MienError, match=r"^model 'genome_cnn': genome 'x' begins with 'x'"):
        create_model("genome_cnn", genome="x")
