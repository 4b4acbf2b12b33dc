"""How often people agree with the labels of a data set, where that was measured and published."""

from dataclasses import dataclass


@dataclass(frozen=True)
class HumanAccuracy:
    """How often people give a picture the label that it has.

    Args:
        accuracy: Share of the pictures, 0 to 1.
        spread: What the source gives after the ``±``, as a share.
        source: Who published it.
        address: Where.
    """

    accuracy: float
    spread: float
    source: str
    address: str

    @property
    def words(self) -> str:
        """The figure and its source, to print and to draw."""
        return f"{100 * self.accuracy:.0f} ± {100 * self.spread:.0f} % ({self.source})"


_BY_DATA_SET = {
    "fer2013": HumanAccuracy(
        0.65,
        0.05,
        source="Goodfellow et al., Challenges in Representation Learning, 2013",
        address="https://arxiv.org/abs/1307.0414",
    )
}


def human_accuracy(data_set: str) -> HumanAccuracy | None:
    """Return how often people agree with the labels of a data set, or None where that is not known.

    Args:
        data_set: Name of the data set; one with other classes or labels has another name.

    Example:
        >>> human_accuracy("fer2013").words
        '65 ± 5 % (Goodfellow et al., Challenges in Representation Learning, 2013)'
    """
    return _BY_DATA_SET.get(data_set)
