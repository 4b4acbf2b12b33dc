"""One measured speed or size beside what was promised."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Measurement:
    """A speed or size and its bound.

    Args:
        name: What was measured.
        value: The figure.
        unit: Its unit.
        bound: What was promised.
        is_upper: Whether the value must not exceed the bound, or not fall below it.
    """

    name: str
    value: float
    unit: str
    bound: float
    is_upper: bool = True

    @property
    def verdict(self) -> str:
        """``met``, ``missed``, or ``missed by half`` (twice an upper bound, half of a lower one)."""
        ratio = self.value / self.bound if self.is_upper else self.bound / max(self.value, 1e-12)
        if ratio <= 1:
            return "met"
        return "missed" if ratio < 2 else "missed by half"

    def to_row(self) -> list[str]:
        """Return name, figure, bound and verdict as text."""
        sign = "at most" if self.is_upper else "at least"
        return [self.name, f"{self.value:,.4g} {self.unit}", f"{sign} {self.bound:,.4g} {self.unit}", self.verdict]
