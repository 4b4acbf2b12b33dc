import pytest

from mien.models.genome import Genome, Stage, parse_genome


def test_a_genome_reads_as_it_prints() -> None:
    genome = Genome(32, (Stage("inverted", 96, 1, 5), Stage("se", 128, 2)))
    assert str(genome) == "stem32|inverted:96x1k5|se:128x2k3"
    assert parse_genome(str(genome)) == genome


def test_a_kernel_left_out_is_3() -> None:
    assert parse_genome("stem16|plain:32x1").stages == (Stage("plain", 32, 1, 3),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "genome '' begins with ''; expected a stem such as 'stem16'"),
        ("plain:32x1|stem16", "begins with 'plain:32x1'; expected a stem such as 'stem16'"),
        ("stem16", "0 stages; expected 1 to 6"),
        ("stem16" + "|plain:16x1" * 7, "7 stages; expected 1 to 6"),
        ("stem16|plain:32", r"'plain:32' is no stage; expected BLOCK:WIDTHxDEPTHkKERNEL, such as 'residual:64x2k3'"),
        ("stem16|conv:32x1", "block 'conv' is unknown; expected one of plain, residual, inverted, se, attention"),
        ("stem16|plain:30x1", "width is 30; expected a multiple of 16 from 16 to 1024"),
        ("stem0|plain:32x1", "width is 0; expected a multiple of 16 from 16 to 1024"),
        ("stem16|plain:2048x1", "width is 2048; expected a multiple of 16 from 16 to 1024"),
        ("stem16|plain:32x9", "depth is 9; expected 1 to 8 blocks"),
        ("stem16|plain:32x1k7", "kernel is 7; expected 3 or 5"),
    ],
)
def test_parse_genome_says_what_is_no_genome(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        parse_genome(text)
    assert repr(text) in str(raised.value)
