"""Random over-sampling: rows of rare classes stand several times."""

import numpy as np
from numpy.typing import NDArray

from mien.data.balancing import BalancingCard, NewRows, register_balancing
from mien.data.face_set import FaceSet


@register_balancing("over_sampling", card=BalancingCard(source="imbalanced-learn's RandomOverSampler"))
def over_sampling(rows: FaceSet, extra: NDArray[np.int64], *, seed: int) -> NewRows:
    """Return rows drawn with replacement from each class.

    Args:
        rows: The rows to balance.
        extra: Rows to add to each class, shape ``(num_classes,)``.
        seed: Seed of the draw.
    """
    from imblearn.over_sampling import RandomOverSampler

    have = np.bincount(rows.labels, minlength=len(extra))
    wanted = {label: int(have[label] + more) for label, more in enumerate(extra) if more}
    if not wanted:
        return NewRows(labels=np.zeros(0, dtype=np.int64), parents=np.zeros(0, dtype=np.int64))
    sampler = RandomOverSampler(sampling_strategy=wanted, random_state=seed)
    sampler.fit_resample(np.arange(len(rows))[:, None], rows.labels)
    parents = np.asarray(sampler.sample_indices_[len(rows) :], dtype=np.int64)
    return NewRows(labels=rows.labels[parents], parents=parents)
