"""``Genome``: a small network as one line of text, which a search crosses and mutates and `genome_cnn` builds."""

import re
from dataclasses import dataclass

BLOCKS = ("plain", "residual", "inverted", "se", "attention")
"""Kinds of block that a stage is made of; `genome_cnn` says what each is."""

KERNELS = (3, 5)
WIDTH_STEP, MAX_WIDTH, MAX_DEPTH, MAX_STAGES = 16, 1024, 8, 6

_STEM = re.compile(r"stem(\d+)")
_STAGE = re.compile(r"([a-z]+):(\d+)x(\d+)(?:k(\d+))?")


@dataclass(frozen=True)
class Stage:
    """Blocks of one kind on maps of one size.

    Args:
        block: One of `BLOCKS`.
        width: Channels, a multiple of 16.
        depth: Blocks in a row.
        kernel: Side of their kernels, 3 or 5.

    Raises:
        ValueError: If one of them is none of these.
    """

    block: str
    width: int
    depth: int
    kernel: int = 3

    def __post_init__(self) -> None:
        """Refuse what no network can be built of."""
        if self.block not in BLOCKS:
            raise ValueError(f"block {self.block!r} is unknown; expected one of {', '.join(BLOCKS)}")
        _check_width(self.width)
        if not 1 <= self.depth <= MAX_DEPTH:
            raise ValueError(f"depth is {self.depth}; expected 1 to {MAX_DEPTH} blocks")
        if self.kernel not in KERNELS:
            raise ValueError(f"kernel is {self.kernel}; expected {' or '.join(map(str, KERNELS))}")

    def __str__(self) -> str:
        return f"{self.block}:{self.width}x{self.depth}k{self.kernel}"


@dataclass(frozen=True)
class Genome:
    """A stem and stages, each on maps of half the side of the one before; every genome builds.

    Args:
        stem: Channels of the first convolution, a multiple of 16.
        stages: At least one stage and at most six.

    Raises:
        ValueError: If the stem or the number of stages is none of these.

    Example:
        >>> print(Genome(16, (Stage("plain", 32, 1), Stage("residual", 64, 2, 5))))
        stem16|plain:32x1k3|residual:64x2k5
    """

    stem: int
    stages: tuple[Stage, ...]

    def __post_init__(self) -> None:
        """Refuse what no network can be built of."""
        _check_width(self.stem)
        if not 1 <= len(self.stages) <= MAX_STAGES:
            raise ValueError(f"{len(self.stages)} stages; expected 1 to {MAX_STAGES}")

    def __str__(self) -> str:
        return "|".join([f"stem{self.stem}", *map(str, self.stages)])


def parse_genome(text: str) -> Genome:
    """Return the genome that a text stands for; a kernel left out is 3.

    Args:
        text: As a genome prints itself, such as ``stem16|plain:32x1|residual:64x2k5``.

    Raises:
        ValueError: If it stands for none; the message says where and what was expected.
    """
    first, *rest = text.split("|")
    stem = _STEM.fullmatch(first)
    if stem is None:
        raise ValueError(f"genome {text!r} begins with {first!r}; expected a stem such as 'stem16'")
    try:
        return Genome(int(stem[1]), tuple(_parse_stage(each) for each in rest))
    except ValueError as fault:
        raise ValueError(f"genome {text!r}: {fault}") from None


def _parse_stage(text: str) -> Stage:
    found = _STAGE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no stage; expected BLOCK:WIDTHxDEPTHkKERNEL, such as 'residual:64x2k3'")
    block, width, depth, kernel = found.groups()
    return Stage(block, int(width), int(depth), int(kernel or 3))


def _check_width(width: int) -> None:
    if width % WIDTH_STEP or not WIDTH_STEP <= width <= MAX_WIDTH:
        raise ValueError(f"width is {width}; expected a multiple of {WIDTH_STEP} from {WIDTH_STEP} to {MAX_WIDTH}")
