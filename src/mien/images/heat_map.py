"""Heat maps as pictures: on a common scale, and laid over the face that they explain; no torch, no matplotlib."""

import numpy as np
from numpy.typing import NDArray

from mien.images.resizing import resize

FOR_RGB, AGAINST_RGB = (255, 48, 0), (0, 96, 255)
"""What speaks for the explained class is drawn red, what speaks against it blue."""

_OPACITY = 0.75
_HIGH_PERCENTILE = 99.0


def scale_heat_map(heat_map: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a heat map on the scale it is drawn on, -1 to 1; how large its numbers were is lost.

    They are divided by the size that 99 % of them do not exceed, and cut at -1 and 1; zero stays zero. A map without
    a number below zero begins at its lowest one, so that of an even map nothing is left.

    Args:
        heat_map: Raw numbers, shape ``(H, W)``; positive ones speak for the explained class.

    Returns:
        Shape ``(H, W)``, float32.

    Example:
        >>> import numpy as np
        >>> scale_heat_map(np.float32([[-2, 0], [1, 4]])).round(2)
        array([[-0.51,  0.  ],
               [ 0.25,  1.  ]], dtype=float32)
    """
    values = heat_map.astype(np.float64)
    if values.min() >= 0:
        values = values - values.min()
    sizes = np.abs(values)
    # Where hardly a number differs from zero, the percentile is zero, too.
    high = np.percentile(sizes, _HIGH_PERCENTILE) or sizes.max()
    if high == 0:
        return np.zeros(values.shape, dtype=np.float32)
    scaled: NDArray[np.float32] = np.clip(values / high, -1, 1).astype(np.float32)
    return scaled


def overlay_heat_map(picture: NDArray[np.uint8], heat_map: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return a picture in grey with a heat map over it: red speaks for the explained class, blue against it.

    Args:
        picture: Shape ``(H, W)`` or ``(H, W, 3)``, uint8, RGB.
        heat_map: Raw numbers, shape ``(h, w)``, brought to the picture's size bilinearly.

    Returns:
        Shape ``(H, W, 3)``, uint8, RGB; the stronger the colour, the more the place counts.
    """
    grey = picture.astype(np.float32) if picture.ndim == 2 else picture.astype(np.float32).mean(axis=2)
    scaled = resize(scale_heat_map(heat_map), grey.shape)[:, :, None]
    colours = np.where(scaled > 0, np.array(FOR_RGB), np.array(AGAINST_RGB))
    opacity = _OPACITY * np.abs(scaled)
    mixed = (1 - opacity) * grey[:, :, None] + opacity * colours
    drawn: NDArray[np.uint8] = np.clip(np.round(mixed), 0, 255).astype(np.uint8)
    return drawn
