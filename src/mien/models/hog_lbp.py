"""Histograms of oriented gradients and of local binary patterns: what the classical estimators see of a face."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.errors import DataError

LBP_POINTS = 8
LBP_CODES = LBP_POINTS * (LBP_POINTS - 1) + 3  # 58 uniform patterns, and one for all others
PACKAGES = ("scikit-image",)


@dataclass(frozen=True, kw_only=True)
class HogLbp:
    """Describes faces by the directions of their edges and by their texture, place by place.

    Gradients are counted by direction in cells, and cells are normalised in overlapping blocks (L2-Hys). Beside them
    stand, for each field of a grid, the shares of the 59 codes that eight neighbours on a circle make: one for each
    uniform pattern, one for all others. Neither changes when the whole face is made brighter.

    Source: Dalal and Triggs, "Histograms of Oriented Gradients for Human Detection", 2005,
        https://doi.org/10.1109/CVPR.2005.177; Ahonen, Hadid and Pietikainen, "Face Description with Local Binary
        Patterns", 2006, https://doi.org/10.1109/TPAMI.2006.244; both as scikit-image computes them.

    Args:
        orientations: Directions that gradients are sorted into.
        cell_pixels: Side of a cell of gradients.
        block_cells: Side of a block, in cells.
        lbp_radius: Radius of the circle of neighbours, in pixels.
        lbp_grid: Fields a side of the grid of textures.

    Raises:
        ValueError: If a number is below 1.
    """

    orientations: int = 9
    cell_pixels: int = 8
    block_cells: int = 2
    lbp_radius: int = 1
    lbp_grid: int = 6

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 1:
                raise ValueError(f"{name} is {value}; expected at least 1")

    @property
    def smallest_side(self) -> int:
        """Side of the smallest face that fills one block, one pixel a field, and the circle."""
        return max(self.cell_pixels * self.block_cells, self.lbp_grid, 2 * self.lbp_radius + 1)

    def __call__(self, faces: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the features of grey faces.

        Args:
            faces: Shape ``(N, H, W)``, uint8.

        Returns:
            Shape ``(N, F)``, float32: first the gradients, then the textures.

        Raises:
            DataError: If the faces are smaller than `smallest_side`.
        """
        side = self.smallest_side
        if min(faces.shape[1:]) < side:
            height, width = faces.shape[1:]
            raise DataError(f"faces are {width}x{height}; {side}x{side} is the smallest that these features work on")
        return np.concatenate([self._gradients(faces), self._textures(faces)], axis=1)

    def _gradients(self, faces: NDArray[np.uint8]) -> NDArray[np.float32]:
        from skimage.feature import hog

        cell, block = (self.cell_pixels,) * 2, (self.block_cells,) * 2
        histograms = [
            hog(face, orientations=self.orientations, pixels_per_cell=cell, cells_per_block=block) for face in faces
        ]
        return np.asarray(histograms, dtype=np.float32)

    def _textures(self, faces: NDArray[np.uint8]) -> NDArray[np.float32]:
        from skimage.feature import local_binary_pattern

        pattern: Any = local_binary_pattern  # its module has no types
        codes = [pattern(face, LBP_POINTS, self.lbp_radius, "nri_uniform") for face in faces]
        fields = self._field_of_each_pixel(*faces.shape[1:])
        num_fields = self.lbp_grid**2
        # One count over all faces: each pixel counts in the bin of its face, its field and its code.
        places = np.arange(len(faces))[:, None, None] * num_fields + fields
        bins = places * LBP_CODES + np.asarray(codes, dtype=np.int64)
        counts = np.bincount(bins.ravel(), minlength=len(faces) * num_fields * LBP_CODES)
        shares = counts.reshape(len(faces), num_fields, LBP_CODES) / np.bincount(fields.ravel())[:, None]
        return shares.reshape(len(faces), -1).astype(np.float32)

    def _field_of_each_pixel(self, height: int, width: int) -> NDArray[np.int64]:
        rows = np.arange(height) * self.lbp_grid // height
        columns = np.arange(width) * self.lbp_grid // width
        fields: NDArray[np.int64] = rows[:, None] * self.lbp_grid + columns
        return fields
