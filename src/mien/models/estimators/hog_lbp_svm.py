"""Linear support-vector machines on histograms of gradients and textures: what was usual before deep networks."""

import warnings

import numpy as np
import torch
from numpy.typing import NDArray

from mien.models.estimator import Arrays, Estimator, EstimatorCard, Say, register_estimator
from mien.models.hog_lbp import PACKAGES, HogLbp


@register_estimator(
    "hog_lbp_svm",
    card=EstimatorCard(
        source="Cortes and Vapnik, 'Support-Vector Networks', 1995, https://doi.org/10.1007/BF00994018, on the "
        "features of Dalal and Triggs (2005) and Ahonen et al. (2006)",
        input_size=(1, 48, 48),
        packages=(*PACKAGES, "scikit-learn"),
        note="One machine a class against all others (liblinear, squared hinge loss).",
    ),
)
class HogLbpSvm(Estimator):
    """A linear support-vector machine for each class against all others, on `HogLbp` features.

    A support-vector machine gives distances from its border, no probabilities. Their softmax keeps their order and
    learns nothing more; how sharp it is means nothing yet. That is settled where it is for networks too: judging fits
    one temperature on the validation split. Probabilities fitted to the training rows would be too sure of themselves,
    as the machines have seen these rows.

    Args:
        regularization: Weight of the errors against wide margins, `C`; larger fits closer.
        tolerance: The solver stops when its gradient has shrunk to this share.
        iterations: Most iterations of the solver.
        orientations: Directions that gradients are sorted into.
        cell_pixels: Side of a cell of gradients, in pixels.
        block_cells: Side of a block of cells that are normalised together, in cells.
        lbp_radius: Radius of the circle of neighbours, in pixels.
        lbp_grid: Fields a side of the grid of textures.

    Raises:
        ValueError: If a number is not positive.
    """

    def __init__(
        self,
        *,
        regularization: float = 0.1,
        tolerance: float = 0.01,
        iterations: int = 1000,
        orientations: int = 9,
        cell_pixels: int = 8,
        block_cells: int = 2,
        lbp_radius: int = 1,
        lbp_grid: int = 6,
    ) -> None:
        super().__init__()
        for name, value in {"regularization": regularization, "tolerance": tolerance, "iterations": iterations}.items():
            if not value > 0:
                raise ValueError(f"{name} is {value}; expected a number above 0")
        self.regularization, self.tolerance, self.iterations = regularization, tolerance, iterations
        self.features = HogLbp(
            orientations=orientations,
            cell_pixels=cell_pixels,
            block_cells=block_cells,
            lbp_radius=lbp_radius,
            lbp_grid=lbp_grid,
        )

    def learn(self, faces: NDArray[np.uint8], labels: NDArray[np.int64], *, seed: int, say: Say) -> Arrays:
        """Return ``coefficients`` ``(K, F)`` and ``intercepts`` ``(K,)`` of the machines."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.svm import LinearSVC

        say(f"computing gradients and textures of {len(faces):,} faces")
        features = self.features(faces)
        say(f"fitting support-vector machines to {features.shape[1]:,} features")
        # The primal problem: its solver is deterministic, and quicker where there are more rows than features.
        machine = LinearSVC(
            C=self.regularization, tol=self.tolerance, max_iter=self.iterations, dual=False, random_state=seed
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            machine.fit(features, labels)
        if machine.n_iter_ >= self.iterations:
            say(f"the solver stopped after {self.iterations} iterations, before it was done; raise model.iterations")
        coefficients, intercepts = machine.coef_, machine.intercept_
        if len(coefficients) == 1:  # of two classes scikit-learn keeps the second's machine alone
            coefficients, intercepts = np.stack([-coefficients[0], coefficients[0]]), np.array([-1, 1]) * intercepts
        return {"coefficients": coefficients.astype(np.float32), "intercepts": intercepts.astype(np.float32)}

    def answer(self, faces: NDArray[np.uint8]) -> NDArray[np.floating]:
        """Return the softmax of the distances from the borders."""
        distances = self.features(faces) @ self.learned["coefficients"].T + self.learned["intercepts"]
        return torch.from_numpy(distances).softmax(dim=1).numpy()
