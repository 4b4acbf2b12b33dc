from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mien.data.audit.label_conflicts import count_unequal_pairs, has_conflicting_label


def test_all_rows_of_a_group_with_several_labels_conflict() -> None:
    groups, labels = np.array([0, 1, 0, 1, 2, -1, -1]), np.array([3, 4, 5, 4, 6, 1, 2])
    assert has_conflicting_label(groups, labels).tolist() == [True, False, True, False, False, False, False]


@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(0, 2)), max_size=15))
def test_unequal_pairs_are_counted_as_by_looking_at_each(rows: list[tuple[int, int]]) -> None:
    groups, labels = (np.array([row[side] for row in rows], dtype=np.int64) for side in (0, 1))
    pairs = [(one, other) for one, other in combinations(rows, 2) if one[0] == other[0] >= 0 and one[1] != other[1]]
    assert count_unequal_pairs(groups, labels) == len(pairs)
    in_conflict = {pair[0][0] for pair in pairs}
    assert has_conflicting_label(groups, labels).tolist() == [row[0] in in_conflict for row in rows]
