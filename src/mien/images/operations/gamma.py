"""Gamma correction with a given exponent."""

import numpy as np

from mien.images.preparation import OperationCard, register_operation


@register_operation("gamma", card=OperationCard(source="the power law, as scikit-image's exposure.adjust_gamma"))
def gamma(face: np.ndarray, *, exponent: float) -> np.ndarray:
    """Raise a face's levels, as parts of 255, to a power.

    Args:
        face: Shape ``(H, W)`` or ``(H, W, 3)``, uint8.
        exponent: Below 1 lightens, above 1 darkens; must be positive.

    Returns:
        The same shape, uint8; black and white stay.

    Raises:
        ValueError: If the exponent is not positive.
    """
    if not exponent > 0:
        raise ValueError(f"exponent must be above 0, got {exponent}")
    levels = np.floor(255 * (np.arange(256) / 255) ** exponent + 0.5).astype(np.uint8)
    corrected: np.ndarray = levels[face]
    return corrected
