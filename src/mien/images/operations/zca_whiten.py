"""ZCA whitening: no pixel tells anything about another, and the face still looks like one."""

import numpy as np

from mien.images.preparation import FACE_DTYPES, OperationCard, register_operation

MOST_VALUES = 48 * 48 * 3
"""Pixels times channels of the largest face that is whitened: its matrix has 191 MB, and 0.4 GB while it is fitted."""

EPSILON = 1e-6
"""Added to the variance along each component, so that those which hardly vary are not blown up without end."""

_CHUNK = 2048


def fit_whitening(faces: np.ndarray, *, epsilon: float = EPSILON) -> dict[str, object]:
    """Return the mean face and the whitening matrix of training faces as the arguments ``mean`` and ``matrix``.

    Args:
        faces: Shape ``(N, H, W)`` or ``(N, H, W, 3)``, uint8 or float32.
        epsilon: Added to the variance along each component.

    Raises:
        ValueError: If the faces have too many pixels or epsilon is negative.
    """
    num_values = int(np.prod(faces.shape[1:]))
    if num_values > MOST_VALUES:
        size = "x".join(str(side) for side in faces.shape[1:])
        raise ValueError(
            f"whitening {size} faces takes a matrix of {num_values:,} x {num_values:,} numbers "
            f"({4 * num_values**2 / 1e9:.1f} GB); resize to at most 48x48x3 first"
        )
    if epsilon < 0:
        raise ValueError(f"epsilon must not be negative, got {epsilon}")
    flat = faces.reshape(len(faces), num_values)
    mean = flat.mean(axis=0, dtype=np.float64)
    covariance = np.zeros((num_values, num_values))
    for start in range(0, len(flat), _CHUNK):
        centred = flat[start : start + _CHUNK] - mean
        covariance += centred.T @ centred
    covariance /= len(flat)
    variances, components = np.linalg.eigh(covariance)
    with np.errstate(divide="ignore"):
        gains = 1 / np.sqrt(np.maximum(variances, 0) + epsilon)
    gains[~np.isfinite(gains)] = 0  # epsilon 0 and a component that does not vary
    matrix = (components * gains) @ components.T
    return {"mean": mean.astype(np.float32), "matrix": matrix.astype(np.float32)}


def whiten_stack(faces: np.ndarray, *, mean: np.ndarray, matrix: np.ndarray, epsilon: float = EPSILON) -> np.ndarray:
    """Return many faces whitened, shape ``(N, H, W)`` or ``(N, H, W, 3)``, float32.

    Args:
        faces: Faces of that shape, uint8 or float32.
        mean: Mean of the training faces, shape ``(V,)`` with V the pixels times the channels.
        matrix: Shape ``(V, V)``, symmetric.
        epsilon: What the matrix was fitted with.

    Raises:
        ValueError: If the faces have another size than those that it was fitted on.
    """
    num_values = int(np.prod(faces.shape[1:]))
    if matrix.shape != (num_values, num_values) or mean.shape != (num_values,):
        size = "x".join(str(side) for side in faces.shape[1:])
        raise ValueError(f"the whitening was fitted on faces of {len(mean):,} values, got {num_values:,} ({size})")
    flat = faces.reshape(len(faces), num_values).astype(np.float32) - mean
    whitened: np.ndarray = (flat @ matrix).reshape(faces.shape)
    return whitened


@register_operation(
    "zca_whiten",
    card=OperationCard(
        source="Bell and Sejnowski 1997, 'The independent components of natural scenes are edge filters'; Keras' "
        "ImageDataGenerator(zca_whitening=True). Differs: the mean taken away is each pixel's own, not one a channel, "
        "and epsilon is added to the variances",
        takes=FACE_DTYPES,
        gives="float32",
        fit=fit_whitening,
        run_stack=whiten_stack,
        not_exported="its matrix has a number for every pair of pixels (21 MB at 48x48), which would not fit into a "
        "model file's contract; leave zca_whiten out of a model that is to be exported",
    ),
)
def zca_whiten(face: np.ndarray, *, mean: np.ndarray, matrix: np.ndarray, epsilon: float = EPSILON) -> np.ndarray:
    """Whiten a face: over the training faces its values have variance 1 and nothing in common.

    Args:
        face: Shape ``(H, W)`` or ``(H, W, 3)``, uint8 or float32.
        mean: Mean of the training faces, shape ``(V,)``, float32; fitted.
        matrix: Shape ``(V, V)``, float32; fitted.
        epsilon: Added to the variance along each component when it is fitted.

    Returns:
        The same shape, float32.

    Raises:
        ValueError: If the face has another size than those that it was fitted on.
    """
    whitened: np.ndarray = whiten_stack(face[None], mean=mean, matrix=matrix, epsilon=epsilon)[0]
    return whitened
