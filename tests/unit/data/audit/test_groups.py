import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mien.data.audit.groups import has_other_in, is_repeated, join_pairs, sizes_of

GROUPS = st.lists(st.integers(-1, 4), max_size=20).map(lambda values: np.array(values, dtype=np.int64))


def test_is_repeated_leaves_the_first_of_each_group_and_rows_of_none() -> None:
    groups = np.array([3, -1, 3, 0, -1, 0, 3])
    assert is_repeated(groups).tolist() == [False, False, True, False, False, True, True]


def test_sizes_of_counts_rows_of_no_group_as_alone() -> None:
    assert sizes_of(np.array([3, -1, 3, 0, -1])).tolist() == [2, 1, 2, 1, 1]


def test_has_other_in_looks_at_other_rows_only() -> None:
    groups = np.array([0, 0, 1, 1, 2, -1, -1])
    is_inside = np.array([True, False, True, True, True, True, True])
    assert has_other_in(groups, is_inside).tolist() == [False, True, True, True, False, False, False]


def test_join_pairs_joins_chains_and_numbers_them_by_first_row() -> None:
    assert join_pairs(7, np.array([4, 1, 6]), np.array([6, 2, 5])).tolist() == [-1, 0, 0, -1, 1, 1, 1]
    assert join_pairs(3, np.array([], np.int64), np.array([], np.int64)).tolist() == [-1, -1, -1]


@given(GROUPS)
def test_as_many_rows_are_repeated_as_groups_have_rows_beyond_their_first(groups: np.ndarray) -> None:
    known = groups[groups >= 0]
    assert int(is_repeated(groups).sum()) == len(known) - len(np.unique(known))


@given(GROUPS)
def test_a_row_has_another_anywhere_where_its_group_has_several(groups: np.ndarray) -> None:
    everywhere = np.ones(len(groups), dtype=bool)
    assert (has_other_in(groups, everywhere) == (sizes_of(groups) > 1)).all()


@given(st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), max_size=15))
def test_join_pairs_puts_both_of_a_pair_into_one_group_and_no_stranger(pairs: list[tuple[int, int]]) -> None:
    first, second = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    groups = join_pairs(15, first, second)
    assert (groups[first] == groups[second]).all()
    paired = set(first.tolist()) | set(second.tolist())
    assert {row for row in range(15) if groups[row] >= 0} == paired
    # As many groups as a graph with these edges has parts: union by repeated relabelling.
    parts = {row: row for row in paired}
    for _ in range(15):
        for one, other in pairs:
            parts[one] = parts[other] = min(parts[one], parts[other])
    assert len(np.unique(groups[groups >= 0])) == len(set(parts.values()))
