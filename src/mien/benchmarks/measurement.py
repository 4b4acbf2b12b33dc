"""One measured speed or size beside what was promised."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Measurement:
    """A speed or size and its bound.

    Args:
        name: What was measured.
        value: The figure; None where it could not be measured here.
        unit: Its unit.
        bound: What was promised.
        is_upper: Whether the value must not exceed the bound, or not fall below it.
    """

    name: str
    value: float | None
    unit: str
    bound: float
    is_upper: bool = True

    @property
    def verdict(self) -> str:
        """``met``, ``missed``, ``missed by half`` (twice an upper bound, half of a lower one) or ``not measured``."""
        if self.value is None:
            return "not measured"
        ratio = self.value / self.bound if self.is_upper else self.bound / max(self.value, 1e-12)
        if ratio <= 1:
            return "met"
        return "missed" if ratio < 2 else "missed by half"

    def to_row(self) -> list[str]:
        """Return name, figure, bound and verdict as text."""
        sign = "at most" if self.is_upper else "at least"
        figure = "" if self.value is None else f"{_as_text(self.value)} {self.unit}"
        return [self.name, figure, f"{sign} {_as_text(self.bound)} {self.unit}", self.verdict]


def _as_text(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.4g}"
