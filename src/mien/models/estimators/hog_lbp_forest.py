"""A random forest on histograms of gradients and textures."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.models.estimator import Arrays, Estimator, EstimatorCard, Say, register_estimator
from mien.models.hog_lbp import PACKAGES, HogLbp

LEAF = -1


@register_estimator(
    "hog_lbp_forest",
    card=EstimatorCard(
        source="Breiman, 'Random Forests', 2001, https://doi.org/10.1023/A:1010933404324, on the features of Dalal and "
        "Triggs (2005) and Ahonen et al. (2006)",
        input_size=(1, 48, 48),
        packages=(*PACKAGES, "scikit-learn"),
        note="Leaves hold at least 8 training rows, not 1, which keeps the file small.",
    ),
)
class HogLbpForest(Estimator):
    """Trees that each see other rows and other features of `HogLbp`, and answer by the mean of their leaves.

    The probabilities are those of the forest: the mean over the trees of the classes' shares in the leaf that a face
    falls into. One more leaf that gives every class the same is averaged in, so that no class is ever impossible just
    because none of a few hundred leaves holds it; the order of the classes stays.

    Differs: trees split by a share of the features drawn anew at each node, as in the paper, but stop at leaves of
    `leaf_rows` rows.

    Args:
        trees: Number of trees.
        leaf_rows: Fewest training rows of a leaf; larger leaves make the file smaller.
        depth: Most splits from root to leaf; 0 sets no bound.
        features_share: Share of the features that a node may choose from; 0 takes the square root of their number.
        orientations: Directions that gradients are sorted into.
        cell_pixels: Side of a cell of gradients, in pixels.
        block_cells: Side of a block of cells that are normalised together, in cells.
        lbp_radius: Radius of the circle of neighbours, in pixels.
        lbp_grid: Fields a side of the grid of textures.

    Raises:
        ValueError: If a number is out of its range.
    """

    def __init__(
        self,
        *,
        trees: int = 200,
        leaf_rows: int = 8,
        depth: int = 0,
        features_share: float = 0.05,
        orientations: int = 9,
        cell_pixels: int = 8,
        block_cells: int = 2,
        lbp_radius: int = 1,
        lbp_grid: int = 6,
    ) -> None:
        super().__init__()
        for name, value, least in (("trees", trees, 1), ("leaf_rows", leaf_rows, 1), ("depth", depth, 0)):
            if value < least:
                raise ValueError(f"{name} is {value}; expected at least {least}")
        if not 0 <= features_share <= 1:
            raise ValueError(f"features_share is {features_share}; expected 0 to 1")
        self.trees, self.leaf_rows, self.depth, self.features_share = trees, leaf_rows, depth, features_share
        self.features = HogLbp(
            orientations=orientations,
            cell_pixels=cell_pixels,
            block_cells=block_cells,
            lbp_radius=lbp_radius,
            lbp_grid=lbp_grid,
        )

    def learn(self, faces: NDArray[np.uint8], labels: NDArray[np.int64], *, seed: int, say: Say) -> Arrays:
        """Return the nodes of all trees, one tree after the other, and the class shares of their leaves."""
        from sklearn.ensemble import RandomForestClassifier

        say(f"computing gradients and textures of {len(faces):,} faces")
        features = self.features(faces)
        say(f"growing {self.trees:,} trees on {features.shape[1]:,} features")
        forest = RandomForestClassifier(
            self.trees,
            min_samples_leaf=self.leaf_rows,
            max_depth=self.depth or None,
            max_features=self.features_share or "sqrt",
            random_state=seed,
            n_jobs=-1,
        ).fit(features, labels)
        return arrays_of_forest([tree.tree_ for tree in forest.estimators_])

    def check(self) -> None:
        """Make sure that every path ends in a leaf."""
        features, shares = self.learned["features"], self.learned["leaf_shares"]
        is_leaf = features == LEAF
        own = np.arange(len(features))
        onward = np.minimum(self.learned["lower"], self.learned["upper"])
        furthest = np.maximum(self.learned["lower"], self.learned["upper"])
        if (onward <= own)[~is_leaf].any() or (furthest[~is_leaf] >= len(features)).any():
            raise ValueError("a node of a tree leads nowhere, or back to an earlier one")
        if (onward[is_leaf] < 0).any() or (furthest[is_leaf] >= len(shares)).any():
            raise ValueError("a leaf of a tree has no shares")

    def answer(self, faces: NDArray[np.uint8]) -> NDArray[np.floating]:
        """Return the mean of the leaves that the faces fall into."""
        features, shares = self.features(faces), self.learned["leaf_shares"]
        total = np.full((len(faces), shares.shape[1]), 1 / shares.shape[1])
        roots = self.learned["roots"]
        for root in roots:
            total += shares[_leaves_of(features, self.learned, root=root)]
        return total / (len(roots) + 1)


def arrays_of_forest(trees: list[Any]) -> Arrays:
    """Return scikit-learn's trees as arrays that walk alike.

    Args:
        trees: Fitted trees, the `tree_` of each.

    Returns:
        ``roots`` ``(T,)``: index of each tree's first node. ``features``, ``thresholds``, ``lower``, ``upper``
        ``(M,)``: a node asks whether a feature is at most the threshold, and goes to the node `lower` or else `upper`;
        a leaf has the feature -1, and `lower` is its row in ``leaf_shares`` ``(L, K)``.
    """
    roots = np.cumsum([0, *(tree.node_count for tree in trees[:-1])])
    parts: dict[str, list[NDArray[Any]]] = {"features": [], "thresholds": [], "lower": [], "upper": [], "shares": []}
    num_leaves = 0
    for root, tree in zip(roots, trees, strict=True):
        is_leaf = tree.children_left < 0
        rows = num_leaves + np.cumsum(is_leaf) - 1
        shares = tree.value[is_leaf, 0]
        parts["features"].append(np.where(is_leaf, LEAF, tree.feature))
        parts["thresholds"].append(_rounded_down(np.where(is_leaf, 0, tree.threshold)))
        parts["lower"].append(np.where(is_leaf, rows, root + tree.children_left))
        parts["upper"].append(np.where(is_leaf, rows, root + tree.children_right))
        parts["shares"].append(shares / shares.sum(axis=1, keepdims=True))
        num_leaves += int(is_leaf.sum())
    return {
        "roots": roots.astype(np.int64),
        "features": np.concatenate(parts["features"]).astype(np.int32),
        "thresholds": np.concatenate(parts["thresholds"]),
        "lower": np.concatenate(parts["lower"]).astype(np.int32),
        "upper": np.concatenate(parts["upper"]).astype(np.int32),
        "leaf_shares": np.concatenate(parts["shares"]).astype(np.float32),
    }


def _leaves_of(features: NDArray[np.float32], learned: Arrays, *, root: int) -> NDArray[np.int64]:
    """Return the leaf, a row of ``leaf_shares``, that each row of features falls into."""
    nodes = np.full(len(features), root, dtype=np.int64)
    walking = np.arange(len(features))
    while len(walking):
        here = nodes[walking]
        asked = learned["features"][here]
        walking, here, asked = walking[asked != LEAF], here[asked != LEAF], asked[asked != LEAF]
        is_low = features[walking, asked] <= learned["thresholds"][here]
        nodes[walking] = np.where(is_low, learned["lower"][here], learned["upper"][here])
    rows: NDArray[np.int64] = learned["lower"][nodes]
    return rows


def _rounded_down(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the largest float32 at or below each number: no float32 feature changes sides by it."""
    nearest = thresholds.astype(np.float32)
    down: NDArray[np.float32] = np.where(nearest > thresholds, np.nextafter(nearest, np.float32(-np.inf)), nearest)
    return down
