"""Mean and standard deviation of many faces by channel, for the steps that are fitted on training faces."""

from collections.abc import Iterator, Sequence

import numpy as np

_CHUNK = 1024


def measure_channels(faces: np.ndarray) -> tuple[list[float], list[float]]:
    """Return mean and standard deviation of each channel over all faces and pixels.

    They are summed in float64 and in parts, so that no second copy of the faces is made.

    Args:
        faces: Shape ``(N, H, W)`` or ``(N, H, W, 3)``, uint8 or float32; at least one.

    Returns:
        Two lists of one number a channel.
    """
    num_pixels = int(np.prod(faces.shape[:3]))
    means = np.sum([_sum_channels(part) for part in _parts(faces)], axis=0) / num_pixels
    variances = np.sum([_sum_channels((part - means) ** 2) for part in _parts(faces)], axis=0) / num_pixels
    return means.tolist(), np.sqrt(variances).tolist()


def check_per_channel(face: np.ndarray, **numbers: Sequence[float]) -> None:
    """Check that there is one number for each channel of a face.

    Args:
        face: Shape ``(H, W)`` or ``(H, W, 3)``.
        numbers: The numbers, by the name that the message calls them.

    Raises:
        ValueError: If there are more or fewer.
    """
    num_channels = 1 if face.ndim == 2 else face.shape[2]
    for name, values in numbers.items():
        if len(values) != num_channels:
            raise ValueError(
                f"{name} must have one number for each of the face's {num_channels} channels, got {list(values)}"
            )


def _parts(faces: np.ndarray) -> Iterator[np.ndarray]:
    return (faces[start : start + _CHUNK].astype(np.float64) for start in range(0, len(faces), _CHUNK))


def _sum_channels(part: np.ndarray) -> np.ndarray:
    sums: np.ndarray = np.atleast_1d(part.sum(axis=(0, 1, 2)))
    return sums
